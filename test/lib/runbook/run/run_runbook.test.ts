// `runbook.ts run` as an operator types it: the exit code, what is said, what is kept, what the hub is told.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../../../lib/config.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";
import { freshHub } from "../../../support/hub.ts";
import { toolkitWith } from "../../../support/toolkit_copy.ts";
import { block, output } from "./run_page.ts";

const LONG_MS = 30_000;
const folder = temporaryFolder();
afterAll(() => folder.remove());

const danger = (name: string, command: string, word: string, more = "") =>
  block(name, command, `confirm=${word}${more}`).replace("class=run", "class=danger");

const BOOK = `# Tend the garden

## When to open this
## Before you start
## Look

${block("look", "pwd; echo weeds: 3")}
${output("look", "…\nweeds: <WEEDS>")}
## Do

${danger("dig", `echo "dug \${WEEDS:?} with \${SPADE_TOKEN:-none}" | tee "\${BED:?}"`, "dug")}
${danger("tidy", `rm -f "\${BED:?}.tmp"`, "rm", " when=cleanup")}
## How you know it worked

${block("prove", `grep -q "\${PROOF:?}" "\${BED:?}"`)}
## How to go back
## If it refuses
## Last rehearsed
`;

const toolkit = toolkitWith(folder.path, { "runbooks/tend.md": BOOK });
let count = 0;

/** A home and a bed of its own, and all that the runbook asks for. */
function garden(env: Record<string, string> = {}) {
  const at = join(folder.path, `garden-${count++}`);
  mkdirSync(at);
  const home = join(at, "home");
  const whole = {
    ...environmentForPrograms(),
    NO_COLOR: "1",
    STATE_HUB_HOME: home,
    BED: join(at, "bed"),
    PROOF: "dug 3",
    ...env,
  };
  const run = (...args: string[]) => {
    const ran = Bun.spawnSync([join(toolkit, "scripts/runbook.ts"), "run", "tend", ...args], {
      env: whole,
      cwd: "/",
      timeout: LONG_MS,
    });
    return { code: ran.exitCode, out: ran.stdout.toString(), err: ran.stderr.toString() };
  };
  const kept = (ending: string) => {
    const files = readdirSync(join(home, "runbooks")).filter((name) => name.endsWith(ending));
    return files.sort().map((name) => join(home, "runbooks", name));
  };
  return { at, home, env: whole, run, kept, bed: join(at, "bed") };
}

const CONFIRM = ["--confirm", "dig=dug,tidy=rm"];

describe("runbook.ts run", () => {
  test(
    "runs every block in the toolkit's folder, keeps a transcript for its owner alone, and says what came of it",
    () => {
      const { run, kept } = garden();
      const { code, out, err } = run(...CONFIRM);
      expect({ code, err }).toMatchObject({ code: 0 });
      expect(out).toMatch(/^dig +danger +0 +[\d.]+ +passed$/m);
      expect(out).toContain("passed: tend; transcript: ");
      expect(out).toEndWith("Next: scripts/runbook.ts list\n");
      expect(err).toContain("\n  weeds: 3\nlook: passed\n");
      const [file = ""] = kept(".jsonl");
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const records = readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(records.map(({ event, name }) => name ?? event)).toEqual([
        "run_started",
        "look",
        "dig",
        "prove",
        "tidy",
        "run_ended",
      ]);
      expect(records[1]).toMatchObject({ exit_code: 0, outcome: "passed", stdout: `${toolkit}\nweeds: 3\n` });
      expect(readFileSync(kept(".txt")[0] ?? "", "utf8")).toMatch(
        /look \(run\)\n\$ pwd; echo weeds: 3\n.*\nweeds: 3\n-- exit 0, \d+ ms: passed/,
      );
    },
    LONG_MS,
  );

  test(
    "stops at a block that fails, cleans up, and names the command that goes on there",
    () => {
      const { run, bed } = garden({ PROOF: "dug 4" });
      writeFileSync(`${bed}.tmp`, "");
      const { code, out } = run(...CONFIRM);
      expect(code).toBe(1);
      expect(out).toMatch(/^prove +run +1 +[\d.]+ +failed: exit 1, wanted 0$/m);
      expect(out).toMatch(/^tidy +danger +0 +[\d.]+ +passed$/m);
      expect(out).toEndWith("Next: WEEDS=3 scripts/runbook.ts run tend --from prove\n");
      expect(readdirSync(join(bed, "..")).toSorted()).toEqual(["bed", "home"]);
    },
    LONG_MS,
  );

  test(
    "goes on where it stopped",
    () => {
      const { run, env } = garden();
      const first = run("--from", "dig", ...CONFIRM);
      expect(first).toMatchObject({ code: 64, out: "" });
      expect(first.err).toContain("not set: WEEDS (for dig)");
      const again = Bun.spawnSync(
        [join(toolkit, "scripts/runbook.ts"), "run", "tend", "--from", "dig", ...CONFIRM, "--json"],
        {
          env: { ...env, WEEDS: "3" },
        },
      );
      expect(JSON.parse(again.stdout.toString())).toMatchObject({
        schema_version: 1,
        verdict: "passed",
        left: [],
        recorded: false,
        blocks: [{ name: "dig" }, { name: "prove" }, { name: "tidy" }],
      });
    },
    LONG_MS,
  );

  test(
    "names all that is missing before anything runs, values and then words, and keeps nothing",
    () => {
      const { run, at } = garden({ PROOF: "", BED: "" });
      const values = run(...CONFIRM);
      expect(values).toMatchObject({ code: 64, out: "" });
      expect(values.err).toContain("not set: BED (for tidy), PROOF (for prove)");
      const words = garden().run();
      expect(words).toMatchObject({ code: 64, out: "" });
      expect(words.err).toContain("not confirmed, and no terminal to ask on: dig, tidy");
      expect(garden().run("--confirm", "dig=yes,tidy=rm")).toMatchObject({ code: 64 });
      expect(readdirSync(at)).toEqual([]);
    },
    LONG_MS,
  );

  test(
    "names a runbook that is called almost so, and what to type then",
    () => {
      const script = join(toolkit, "scripts/runbook.ts");
      const { exitCode, stderr } = Bun.spawnSync([script, "run", "tendd"], { env: garden().env });
      expect({ exitCode, said: stderr.toString() }).toEqual({
        exitCode: 64,
        said: "Could not find the runbook: tendd, wanted tend, perhaps\nTry: scripts/runbook.ts run tend --dry-run\n",
      });
    },
    LONG_MS,
  );

  test(
    "shows with --dry-run what it would do, and does none of it",
    () => {
      const { run, at } = garden({ PROOF: "" });
      const { code, out, err } = run("--dry-run");
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain("not set: PROOF, for prove\nto be confirmed: dig=dug, tidy=rm\nNothing was run.\n");
      expect(out).toEndWith("Next: scripts/runbook.ts run tend\n");
      expect(run("--dry-run", "--from", "prove", "--timeout", "9").out).toEndWith(
        "Next: scripts/runbook.ts run tend --from prove --timeout 9\n",
      );
      expect(readdirSync(at)).toEqual([]);
    },
    LONG_MS,
  );

  test(
    "refuses to begin where it cannot keep a transcript",
    () => {
      const { run, home, bed } = garden();
      writeFileSync(home, "a file");
      const { code, out, err } = run(...CONFIRM);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toContain("Could not keep the run's transcript");
      expect(() => statSync(bed)).toThrow();
    },
    LONG_MS,
  );

  test(
    "keeps no secret, and shows none",
    () => {
      const { run, kept } = garden({ SPADE_TOKEN: "q7-not-for-others" });
      const { code, out, err } = run(...CONFIRM, "--json");
      expect(code).toBe(0);
      const all = [out, err, ...[...kept(".jsonl"), ...kept(".txt")].map((file) => readFileSync(file, "utf8"))];
      expect(all.map((text) => text.includes("q7-not"))).toEqual([false, false, false, false]);
      expect(all.map((text) => text.includes("dug 3 with ***"))).toEqual([true, true, true, true]);
    },
    LONG_MS,
  );

  test(
    "keeps and shows no secret that says why a block failed",
    () => {
      const secret = "q7-not-for-others";
      const { run, kept } = garden({ SPADE_TOKEN: secret, WEEDS: secret });
      const { code, out, err } = run(...CONFIRM);
      expect(code).toBe(1);
      const all = [out, err, ...[...kept(".jsonl"), ...kept(".txt")].map((file) => readFileSync(file, "utf8"))];
      expect(all.map((text) => text.includes(secret))).toEqual([false, false, false, false]);
      expect(all.map((text) => text.includes("where WEEDS is ***"))).toEqual([true, true, true, true]);
    },
    LONG_MS,
  );

  test(
    "tells the hub what came of it, with no output and no command",
    async () => {
      const hub = await freshHub();
      try {
        const { run } = garden({ DATABASE_URL: hub.url, PROOF: "dug 4" });
        expect(JSON.parse(run(...CONFIRM, "--json").out)).toMatchObject({ verdict: "failed", recorded: true });
        const events = await hub.database.sql`select event_type, summary, detail from progress_events`;
        expect(events).toMatchObject([
          { event_type: "runbook_run", summary: expect.stringMatching(/^failed: tend on \S+, at prove$/) },
        ]);
        expect(events[0]?.detail.blocks).toMatchObject([
          { name: "look" },
          { name: "dig" },
          { name: "prove", outcome: "failed", exit_code: 1 },
          { name: "tidy" },
        ]);
        expect(JSON.stringify(events[0]?.detail)).not.toContain("weeds");
      } finally {
        await hub.close();
      }
    },
    LONG_MS,
  );

  test(
    "is interrupted by a hang-up: what runs ends, clean-up is done, the transcript says so",
    async () => {
      const { env, kept, bed } = garden();
      Bun.spawnSync(["mkfifo", bed]);
      writeFileSync(`${bed}.tmp`, "");
      const child = Bun.spawn([join(toolkit, "scripts/runbook.ts"), "run", "tend", ...CONFIRM], {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let said = "";
      for await (const chunk of child.stderr) {
        said += new TextDecoder().decode(chunk);
        if (said.includes("dig (danger)")) child.kill("SIGHUP");
      }
      expect(await child.exited).toBe(129);
      expect(await new Response(child.stdout).text()).toContain("Next: WEEDS=3 scripts/runbook.ts run tend --from dig");
      expect(readFileSync(kept(".jsonl")[0] ?? "", "utf8")).toContain('"event":"run_ended","verdict":"interrupted"');
      expect(() => statSync(`${bed}.tmp`)).toThrow();
    },
    LONG_MS,
  );

  test.each([
    ["the word", ["rm\n", "dug\n"], 0],
    ["another word", ["rm\n", "yes\n"], 1],
    ["nothing for clean-up", ["\n"], 64],
    ["the end of the input", ["\x04"], 64],
  ])(
    "asks on a terminal for each danger, clean-up first: %s",
    async (_what, answers, wanted) => {
      const { env, bed } = garden();
      const child = Bun.spawn(["script", "-qefc", `${join(toolkit, "scripts/runbook.ts")} run tend`, "/dev/null"], {
        env: { ...env, SHELL: "/bin/sh", TERM: "xterm" },
        stdio: ["pipe", "pipe", "ignore"],
      });
      const left = [...answers];
      let said = "";
      for await (const chunk of child.stdout) {
        said += new TextDecoder().decode(chunk);
        if (left.length > 0 && said.split("to let it run:").length - 1 > answers.length - left.length) {
          child.stdin.write(left.shift() ?? "");
          await child.stdin.flush();
        }
      }
      expect({ code: await child.exited, said }).toMatchObject({ code: wanted });
      expect(Bun.file(bed).size > 0).toBe(wanted === 0);
    },
    LONG_MS,
  );
});
