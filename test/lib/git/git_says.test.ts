// What a report says of a failed remote: the line with the reason, and nothing that a remote could do to a terminal.
import { describe, expect, test } from "bun:test";
import { remoteSays, whyGitFailed } from "../../../lib/git/git_says.ts";

const NO_ACCESS = `fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
`;

describe("whyGitFailed()", () => {
  test.each([
    [`git@host: Permission denied (publickey).\r\n${NO_ACCESS}`, "git@host: Permission denied (publickey)."],
    [
      `ssh: connect to host h port 22: Connection refused\r\n${NO_ACCESS}`,
      "connect to host h port 22: Connection refused",
    ],
    [`fatal: '/x' does not appear to be a git repository\n${NO_ACCESS}`, "'/x' does not appear to be a git repository"],
    [
      "fatal: could not read Username for 'https://h': terminal prompts disabled\n",
      "could not read Username for 'https://h': terminal prompts disabled",
    ],
    [
      "fatal: unable to access 'https://h/a/': The requested URL returned error: 500\n",
      "unable to access 'https://h/a/': The requested URL returned error: 500",
    ],
    [
      "remote: fatal: write error: No space left on device\nerror: remote unpack failed: x\nerror: failed to push some refs to '/x'\n",
      "write error: No space left on device",
    ],
    ["warning: redirecting\nerror: something new\nTo /x\n", "something new"],
    [NO_ACCESS, "and the repository exists."],
    ["", ""],
  ])("whyGitFailed() of %j", (stderr, why) => {
    expect(whyGitFailed(stderr)).toBe(why);
  });

  test("whyGitFailed() says that a host's key changed", () => {
    const banner = `@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@\nIT IS POSSIBLE THAT\n`;
    const said = whyGitFailed(`${banner}Host key verification failed.\r\n${NO_ACCESS}`);
    expect(said).toBe("Host key verification failed. The host's key is not the one that is known");
  });

  test("whyGitFailed() gives neither secrets nor control characters, nor more than a line's worth", () => {
    expect(whyGitFailed("fatal: Authentication failed for 'https://me:s3cret@host/a'")).toBe(
      "Authentication failed for 'https://host/a'",
    );
    expect(whyGitFailed("error: \x1b[31mred\x1b[0m\0\x07 and \x9b31m\n")).toBe("red  and  31m");
    expect(whyGitFailed(`error: ${"x".repeat(100_000)}`).length).toBe(400);
  });

  test("whyGitFailed() and remoteSays() cut no character in half: PostgreSQL would refuse it", () => {
    for (const before of ["", "x"]) {
      const long = `${before}${"🦀".repeat(100_000)}`;
      expect(whyGitFailed(`error: ${long}`).isWellFormed()).toBe(true);
      expect(whyGitFailed(`fatal: ${long}\r${long}`).isWellFormed()).toBe(true);
      expect(remoteSays(`remote: ${long}\n`).isWellFormed()).toBe(true);
    }
  });

  test.each([
    [
      "Failed to connect to h port 443 after 134 ms: Couldn't connect",
      "Failed to connect to h port 443: Couldn't connect",
    ],
    ["Connection timed out after 5001 milliseconds", "Connection timed out"],
    ["Operation timed out after 30002 milliseconds with 7 out of 90 bytes received", "Operation timed out"],
    ["Operation timed out after 30001 milliseconds with 0 bytes received", "Operation timed out"],
  ])(
    "whyGitFailed() leaves out what curl measured, so that a problem is told the same way each time: %j",
    (said, why) => {
      const url = "unable to access 'https://h/a/': ";
      expect(whyGitFailed(`fatal: ${url}${said}\n`)).toBe(`${url}${why}`);
    },
  );

  test("whyGitFailed() takes no longer for the megabytes that a remote may print", () => {
    const started = performance.now();
    whyGitFailed("x".repeat(15_000_000));
    whyGitFailed("remote: x\n".repeat(1_500_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe("remoteSays()", () => {
  test("remoteSays() gives the other side's own lines, the first of them", () => {
    const stderr =
      "local\nremote: no pushes on Friday        \nremote:\nremote: \x1b[31mask Ann\x1b[K\nerror: failed\n";
    expect(remoteSays(stderr)).toBe("no pushes on Friday; ask Ann");
    expect(remoteSays("remote: 1\nremote: 2\nremote: 3\n", 2)).toBe("1; 2");
    expect(remoteSays("nothing of it")).toBe("");
  });
});
