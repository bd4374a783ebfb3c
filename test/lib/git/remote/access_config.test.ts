// The git config of unattended runs, read back by git itself: a value that were quoted wrongly would open a section.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { accessConfig } from "../../../../lib/git/remote/access_config.ts";
import { run } from "../../../../lib/process/run.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

async function values(text: string, key: string): Promise<string[]> {
  const file = join(folder.path, "config");
  writeFileSync(file, text);
  const argv = ["git", "config", "--file", file, "--includes", "-z", "--get-all", key];
  const { stdout } = await run(argv, { env: environmentForPrograms(), deadlineMs: 10_000 });
  return stdout.split("\0").slice(0, -1);
}

describe("accessConfig()", () => {
  test("accessConfig() names each safe path and its git folder, whatever characters it has", async () => {
    const odd = ['/a b"c\\d', "/e\n[core]\n\tsshCommand = touch", "/f;g#h", "/ä\tz"];
    const text = accessConfig({}, odd);
    expect(await values(text, "safe.directory")).toEqual(odd.flatMap((path) => [path, `${path}/.git`]).sort());
    expect(await values(text, "core.sshCommand")).toEqual([]);
  });

  test("accessConfig() leaves out paths that would vouch for others than themselves", async () => {
    expect(await values(accessConfig({}, ["*", "/x/*", "/", "relative", "", "/y/*/"]), "safe.directory")).toEqual([]);
  });

  test("accessConfig() keeps the user's own config, XDG's and HOME's, and lets nothing in it prompt or push more", async () => {
    const home = join(folder.path, 'a "home"');
    mkdirSync(join(home, ".config/git"), { recursive: true });
    writeFileSync(join(home, ".config/git/config"), "[credential]\n\thelper = one\n[http]\n\tproxy = p\n");
    const own =
      "[credential]\n\thelper = two\n\tinteractive = true\n[push]\n\tfollowTags = true\n\tpushOption = ci.skip\n[gc]\n\tauto = 1\n";
    writeFileSync(join(home, ".gitconfig"), own);
    const text = accessConfig({ HOME: home }, []);
    expect(await values(text, "credential.helper")).toEqual(["one", "two"]);
    expect(await values(text, "http.proxy")).toEqual(["p"]);
    expect((await values(text, "credential.interactive")).at(-1)).toBe("false");
    expect((await values(text, "push.followTags")).at(-1)).toBe("false");
    expect((await values(text, "push.pushOption")).at(-1)).toBe("");
    expect((await values(text, "gc.auto")).at(-1)).toBe("0");
  });

  test("accessConfig() takes XDG_CONFIG_HOME over ~/.config, and no config where there is no HOME", () => {
    const text = accessConfig({ HOME: "/home/me", XDG_CONFIG_HOME: "/xdg" }, []);
    expect(text).toContain('path = "/xdg/git/config"\n\tpath = "/home/me/.gitconfig"');
    expect(accessConfig({}, [])).not.toContain("include");
    expect(accessConfig({ HOME: "not/absolute" }, [])).not.toContain("include");
  });
});
