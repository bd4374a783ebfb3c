// Which URLs git is ever given: what a repository's config says as its remote is somebody else's word.
import { describe, expect, test } from "bun:test";
import { describeFailure } from "../../../../lib/failure.ts";
import { type Remote, remoteOf } from "../../../../lib/git/remote/remote.ts";

describe("remoteOf()", () => {
  test.each<[string, Remote["kind"], string, string?]>([
    ["/srv/git/a b.git", "file", ""],
    ["/srv/-x/$(touch y);'.git", "file", ""],
    ["/srv/host:path", "file", ""],
    ["file:///srv/git/a.git", "file", ""],
    ["FILE:///srv/git/a.git", "file", "", "file:///srv/git/a.git"],
    ["ssh://git@Host.Example/a/b.git", "ssh", "host.example"],
    ["ssh://host:2222/a", "ssh", "host:2222"],
    ["ssh://host:22/~me/a", "ssh", "host"],
    ["ssh://git@[::1]:2222/a", "ssh", "[::1]:2222"],
    ["ssh://[fe80::1]/a", "ssh", "[fe80::1]"],
    ["git@Host.Example:a/b.git", "ssh", "host.example"],
    ["host:a", "ssh", "host"],
    ["git@[::1]:a", "ssh", "[::1]"],
    ["[host:2222]:a", "ssh", "host:2222"],
    ["https://Git.Example/a/b.git", "https", "git.example"],
    ["https://git.example:443/a", "https", "git.example"],
    ["https://git.example:8443/a?x=y", "https", "git.example:8443"],
    ["https://somebody@git.example/a", "https", "git.example", "https://git.example/a"],
  ])("remoteOf() takes %s", (url, kind, host, given = url) => {
    expect(remoteOf(url)).toEqual({ url: given, kind, host });
  });

  test.each([
    ["", "empty"],
    [" ", "empty"],
    ["-x", "begins with -"],
    ["--upload-pack=touch /tmp/x", "begins with -"],
    ["-oProxyCommand=touch@host:a", "begins with -"],
    ["ext::sh -c touch% /tmp/x", "starts a program"],
    ["EXT::x", "starts a program"],
    ["fd::17", "starts a program"],
    ["https::https://host/a", "starts a program"],
    ["http://host/a", "readable"],
    ["git://host/a", "git://"],
    ["ftp://host/a", "ftp://"],
    ["git+ssh://host/a", "git+ssh://"],
    ["transport-helper://x", "transport-helper://"],
    ["file://host/a", "names a host"],
    ["file://-x", "names a host"],
    ["file:///a\n--upload-pack=x", "cannot be shown"],
    ["/a\0b", "cannot be shown"],
    ["https://host/a%0ahost=evil", "cannot be shown"],
    ["https://host/a%1B", "cannot be shown"],
    ["ssh://-oProxyCommand=x/a", "begins with -"],
    ["ssh://host:-x/a", "port"],
    ["ssh://-x@host/a", "user"],
    ["ssh://a;b@host/a", "user"],
    ["ssh://host;touch/a", "host name"],
    ["ssh://%2dx/a", "host name"],
    ["https://good\\@evil/a", "user name"],
    ["https://good\\.evil/a", "host name"],
    ["https://[::1/a", "host name"],
    ["https://[::1]x/a", "host name"],
    ["https://host", "no repository"],
    ["ssh://host//", "no repository"],
    ["host:", "no repository"],
    ["host:-x", "begins with -"],
    ["-host:x", "begins with -"],
    ["$(touch x)@host:a", "user"],
    ["../a.git", "relative path"],
    ["a/b", "relative path"],
    ["~/a", "relative path"],
    ["a/b:c", "relative path"],
  ])("remoteOf() refuses %j", (url, why) => {
    expect(() => remoteOf(url)).toThrow("Could not use the remote's URL");
    expect(failureOf(url).observed).toContain(why);
  });

  test("remoteOf() refuses a password, which everybody could read in the list of processes, and never repeats it", () => {
    for (const url of [
      "https://me:s3cret@host/a",
      "ssh://me:s3cret@host/a",
      "https://:s3cret@host/a",
      "ext::sh https://me:s3cret@h/",
    ]) {
      const text = describeFailure(failureOf(url)) + JSON.stringify(failureOf(url));
      expect(text).not.toContain("s3cret");
    }
    expect(failureOf("https://me:s3cret@host/a")).toMatchObject({
      observed: "it holds a password",
      where: "https://host/a",
    });
  });

  test("remoteOf() names a URL that it refuses on one line, whatever is in it", () => {
    const said = describeFailure(failureOf("/a\n\x1b[31mb") as unknown as Error);
    expect(said).toContain("cannot be shown");
    expect(said).not.toMatch(/\p{Cc}/u);
  });
});

function failureOf(url: string) {
  try {
    remoteOf(url);
  } catch (error) {
    return error as { observed: string; where: string };
  }
  throw new Error(`${url} was taken`);
}
