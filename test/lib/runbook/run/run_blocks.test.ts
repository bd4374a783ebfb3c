// The blocks of a run, in real bash: what carries over from one to the next, what ends a run, and what is done all the same.
import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { block, output, runPage } from "./run_page.ts";

const CLEANUP = "when=cleanup";

test("what a block sets is there for the next one, exported or not", async () => {
  const { said, of } = await runPage([
    block("set", "BED=north; export PLANT=oak"),
    block("use", 'printf "%s %s\\n" "$BED" "$(printenv PLANT)"'),
  ]);
  expect(said).toEqual(["set: passed", "use: passed"]);
  expect(of("use")).toMatchObject({ stdout: "north oak\n", stderr: "", exit_code: 0 });
});

test("every block begins in the same folder, with the same options, and with its stdin closed", async () => {
  const { said, of } = await runPage([
    block("leave", "cd / && set +eu"),
    block("where", "pwd; wc -c"),
    block("strict", "false; echo not reached"),
  ]);
  expect(said).toEqual(["leave: passed", "where: passed", "strict: failed: exit 1, wanted 0"]);
  expect(of("where")?.stdout).toMatch(/^\/.+\n0\n$/);
  expect(of("where")?.stdout).not.toBe("/\n0\n");
  expect(of("strict")?.stdout).toBe("");
});

test("no bashrc is read, though bash takes a pipe in the outermost shell for a remote login", async () => {
  const home = temporaryFolder();
  writeFileSync(join(home.path, ".bashrc"), "export BED=north; echo a greeting >&2\n");
  const look = block("look", `printf '%s\\n' "\${BED:-none}"`);
  const { said, of } = await runPage([look], { env: { HOME: home.path, SHLVL: "0" } });
  home.remove();
  expect(said).toEqual(["look: passed"]);
  expect(of("look")).toMatchObject({ stdout: "none\n", stderr: "" });
});

test("no block can read the ones after it", async () => {
  const { said, of } = await runPage([block("look", "ls /proc/self/fd | tr '\\n' ' '"), block("next", "true")]);
  expect(said).toEqual(["look: passed", "next: passed"]);
  // The three, and what ls opens for itself.
  expect(of("look")?.stdout).toBe("0 1 2 3 ");
});

test("the first block that fails ends the run, clean-up runs with what was exported, and one clean-up does not end the next", async () => {
  const { said, of } = await runPage([
    block("tidy", 'echo "tidied $BED"; exit 3', CLEANUP),
    block("set", "export BED=north"),
    block("break", "cat missing | wc -l"),
    block("never", "true"),
    block("last", "true", CLEANUP),
  ]);
  expect(said).toEqual([
    "set: passed",
    "break: failed: exit 1, wanted 0",
    "tidy: failed: exit 3, wanted 0",
    "last: passed",
  ]);
  expect(of("tidy")?.stdout).toBe("tidied north\n");
  expect(of("break")?.stderr).toContain("missing");
});

test("a block may be there to fail: exit= says with what, and the next one goes on with what was exported", async () => {
  const { said } = await runPage([
    block("set", "export BED=north"),
    block("gone", "exit 2", "exit=2"),
    block("on", 'test "$BED" = north'),
    block("well", "true", "exit=1"),
  ]);
  expect(said).toEqual(["set: passed", "gone: passed", "on: passed", "well: failed: exit 0, wanted 1"]);
});

test("what is still running at its deadline is ended with all that it started", async () => {
  const began = performance.now();
  const { said, of } = await runPage(
    [block("hang", "sleep 611 & echo $!; sleep 612"), block("tidy", "true", CLEANUP)],
    { deadlineMs: 700 },
  );
  expect(said).toEqual(["hang: failed: still running after 0.7 s", "tidy: passed"]);
  expect(of("hang")).toMatchObject({ exit_code: null });
  await isGone(Number(of("hang")?.stdout));
  expect(performance.now() - began).toBeLessThan(8_000);
});

test("what ignores SIGTERM is ended too", async () => {
  const { said } = await runPage([block("deaf", "trap '' TERM; while :; do sleep 0.1 || true; done")], {
    deadlineMs: 300,
  });
  expect(said).toEqual(["deaf: failed: still running after 0.3 s"]);
}, 15_000);

test("what runs at the deadline is asked to end first: a script takes its locks away", async () => {
  const asked = `bash -c 'trap "touch asked; exit 1" TERM; sleep 617 & wait'`;
  const { said } = await runPage([block("tidy", "test -e asked", CLEANUP), block("lock", asked)], { deadlineMs: 400 });
  expect(said).toEqual(["lock: failed: still running after 0.4 s", "tidy: passed"]);
}, 15_000);

test("a block that redirects the shell's own output is ended at its deadline", async () => {
  const { said } = await runPage([block("redirect", "exec >lost"), block("tidy", "echo tidied", CLEANUP)], {
    deadlineMs: 500,
  });
  expect(said).toEqual(["redirect: failed: still running after 0.5 s", "tidy: passed"]);
}, 15_000);

test("what a block leaves running in the background neither holds the run nor outlives it", async () => {
  const { said, of } = await runPage([block("leave", "sleep 616 & echo $!"), block("next", "false")]);
  expect(said).toEqual(["leave: passed", "next: failed: exit 1, wanted 0"]);
  await isGone(Number(of("leave")?.stdout));
}, 15_000);

test("a block that prints without end is ended, and the memory with it", async () => {
  const { said, of } = await runPage([block("yes", "yes")]);
  expect(said).toEqual(["yes: failed: it printed more than 16 MB"]);
  expect(of("yes")?.stdout.length).toBeLessThan(20 * 1024 * 1024);
}, 20_000);

test("megabytes, bytes that are no text and a missing last newline arrive as they are", async () => {
  const { said, of } = await runPage([
    block("much", "head -c 3000000 /dev/zero | tr '\\0' x"),
    block("odd", "printf 'a\\0b\\377é'; printf end >&2"),
  ]);
  expect(said).toEqual(["much: passed", "odd: passed"]);
  expect(of("much")?.stdout).toBe("x".repeat(3_000_000));
  expect(of("odd")).toMatchObject({ stdout: "a\0b\uFFFDé", stderr: "end" });
});

test("what is printed is compared with what the page shows, and a named value is there for the next block", async () => {
  const { said, values, of } = await runPage([
    block("plan", "echo 'plan 4af1; rm'"),
    output("plan", "plan <DIGEST> rm"),
    block("apply", `echo "applied \${DIGEST:?}"`),
    output("apply", "applied <DIGEST>"),
    block("other", "echo applied 5be2"),
    output("other", "applied <DIGEST>"),
  ]);
  const why = "it did not print: applied <DIGEST>, where DIGEST is 4af1;";
  expect(said).toEqual(["plan: passed", "apply: passed", `other: failed: ${why}`]);
  expect(values).toEqual({ DIGEST: "4af1;" });
  expect(of("apply")?.stdout).toBe("applied 4af1;\n");
});

test("a danger that is not confirmed is not run, and ends the run", async () => {
  const danger = block("dig", "touch dug", "confirm=touch").replace("class=run", "class=danger");
  const { said } = await runPage([danger, block("next", "true"), block("tidy", "test ! -e dug", CLEANUP)], {
    confirm: async ({ block: { name } }) => name !== "dig",
  });
  expect(said).toEqual(["dig: refused: not confirmed", "tidy: passed"]);
});

test("each line is told as it comes, of both streams, and none of the shell's own", async () => {
  const { lines } = await runPage([
    block("both", "echo one; echo two >&2; printf three"),
    block("more", "echo four; printf five >&2; false"),
  ]);
  expect(lines.toSorted()).toEqual(["five", "four", "one", "three", "two"]);
});

async function isGone(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(1);
  await waitUntil({ forWhat: "the process to be gone", deadlineMs: 5_000 }, () =>
    existsSync(`/proc/${pid}/status`) && !isZombie(pid) ? { seen: "running" } : { found: true },
  );
}

function isZombie(pid: number): boolean {
  return Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)])
    .stdout.toString()
    .startsWith("Z");
}
