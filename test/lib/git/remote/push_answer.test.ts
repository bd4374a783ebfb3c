// The three ends of a push, by the words of git and of the large hosts.
import { describe, expect, test } from "bun:test";
import { judgePush, type Pushed } from "../../../../lib/git/remote/push_answer.ts";

const REF = "refs/heads/main";
const line = (flag: string, summary: string) => `To /x\n${flag}\tabc:${REF}\t${summary}\nDone\n`;

describe("judgePush()", () => {
  test.each<[string, number, string, string, Pushed]>([
    ["a fast-forward", 0, line(" ", "1..2"), "", { state: "pushed" }],
    ["a ref that is there already", 0, line("=", "[up to date]"), "", { state: "pushed" }],
    [
      "a lease that does not hold",
      1,
      line("!", "[rejected] (stale info)"),
      "",
      { state: "raced", observed: "stale info" },
    ],
    ["newer commits", 1, line("!", "[rejected] (fetch first)"), "", { state: "raced", observed: "fetch first" }],
    [
      "another history",
      1,
      line("!", "[rejected] (non-fast-forward)"),
      "",
      { state: "raced", observed: "non-fast-forward" },
    ],
    [
      "a ref that moved during the push",
      1,
      line("!", "[remote rejected] (failed to update ref)"),
      "remote: error: cannot lock ref 'refs/heads/main': is at 12ab but expected 34cd        \n",
      {
        state: "raced",
        observed: "failed to update ref: error: cannot lock ref 'refs/heads/main': is at 12ab but expected 34cd",
      },
    ],
    [
      "a lock that a dead git left over there",
      1,
      line("!", "[remote rejected] (failed to update ref)"),
      "remote: error: cannot lock ref 'refs/heads/main': Unable to create '/x/main.lock': File exists.\n",
      {
        state: "refused",
        observed:
          "failed to update ref: error: cannot lock ref 'refs/heads/main': Unable to create '/x/main.lock': File exists.",
      },
    ],
    [
      "a hook",
      1,
      line("!", "[remote rejected] (pre-receive hook declined)"),
      "remote: no pushes on Friday\n",
      { state: "refused", observed: "pre-receive hook declined: no pushes on Friday" },
    ],
    [
      "a protected branch",
      1,
      line("!", "[remote rejected] (protected branch hook declined)"),
      "",
      { state: "refused", observed: "protected branch hook declined" },
    ],
    [
      "an answer that was lost",
      1,
      line("!", "[remote failure] (remote failed to report status)"),
      "error: failed to push some refs to '/x'\n",
      { state: "unreachable", observed: "remote failed to report status" },
    ],
    [
      "no right to push over https",
      128,
      "",
      "remote: Permission to a/b denied to c.\nfatal: unable to access 'https://h/': The requested URL returned error: 403\n",
      { state: "refused", observed: "unable to access 'https://h/': The requested URL returned error: 403" },
    ],
    [
      "a key that may only read",
      128,
      "",
      "ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.\n",
      { state: "refused", observed: "ERROR: The key you are authenticating with has been marked as read only." },
    ],
    [
      "no way in",
      128,
      "",
      "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.\n",
      { state: "unreachable", observed: "git@h: Permission denied (publickey)." },
    ],
    ["silence", 0, "", "", { state: "unreachable", observed: "git ended with 0 and told nothing of the branch" }],
    [
      "a word on another branch",
      0,
      " \tabc:refs/heads/other\t1..2\n",
      "",
      { state: "unreachable", observed: "git ended with 0 and told nothing of the branch" },
    ],
    [
      "a success that git itself does not believe",
      1,
      line(" ", "1..2"),
      "",
      { state: "unreachable", observed: "1..2" },
    ],
  ])("judgePush() of %s", (_what, exitCode, stdout, stderr, end) => {
    expect(judgePush(REF, { exitCode, stdout, stderr })).toEqual(end);
  });
});
