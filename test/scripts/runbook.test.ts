// runbook.ts as an operator types it, in this toolkit's own folder and from another one.
import { expect, test } from "bun:test";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { RULES } from "../../lib/runbook/lint/rules.ts";
import { inToolkit, TEND, tendWith } from "../lib/runbook/small_toolkit.ts";

const ROOT = join(import.meta.dir, "../..");
const WATCHDOG_MS = 30_000;

function runbook(args: readonly string[], root = ROOT) {
  const argv = [join(root, "scripts/bun"), join(root, "scripts/runbook.ts"), ...args];
  const ran = Bun.spawnSync(argv, {
    env: { ...environmentForPrograms(), NO_COLOR: "1" },
    cwd: tmpdir(),
    timeout: WATCHDOG_MS,
  });
  return { code: ran.exitCode, out: ran.stdout.toString(), err: ran.stderr.toString() };
}

/** This toolkit's program over other pages. */
function elsewhere<T>(files: Readonly<Record<string, string>>, work: (root: string) => T): Promise<T> {
  return inToolkit(files, (root) => {
    for (const name of ["bun", "runbook.ts"]) cpSync(join(ROOT, "scripts", name), join(root, "scripts", name));
    for (const name of ["lib", "node_modules", "package.json"]) symlinkSync(join(ROOT, name), join(root, name));
    mkdirSync(join(root, "k8s"));
    writeFileSync(join(root, "bunfig.toml"), "");
    return work(root);
  });
}

const GARDEN = `import { defineScript } from "../lib/cli/define_script.ts";
const flags = { "dry-run": { kind: "boolean", describe: "" }, apply: { kind: "boolean", describe: "" }, rows: { kind: "integer", describe: "" } };
export const script = defineScript({ name: "garden.ts", promise: "", reads: [], writes: [], flags,
  positional: { name: "words", describe: "", many: true }, run: () => Promise.reject(new Error("it was run")) });
`;

test(
  "list shows every runbook and names the next command",
  () => {
    const { code, out, err } = runbook(["list"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^state_hub +The State Hub's service +\d+ +\d+ +\d+ +\d{4}-\d\d-\d\d$/m);
    expect(out).toEndWith("Next: scripts/runbook.ts lint\n");
  },
  WATCHDOG_MS,
);

test(
  "lint of one page, by its name, from another folder: what was checked, in text and as one document",
  () => {
    const { code, out, err } = runbook(["lint", "git_hook"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^Nothing to mend: 1 page with \d+ blocks, \d+ commands, \d+ links checked by \d+ rules\nNext: /,
    );
    const document = JSON.parse(runbook(["lint", "git_hook", "--json"]).out);
    expect(Object.keys(document)).toEqual(["schema_version", "pages", "counts", "rules", "problems"]);
    expect(document).toMatchObject({ schema_version: 1, pages: ["runbooks/git_hook.md"], problems: [] });
  },
  WATCHDOG_MS,
);

test(
  "lint exits 1 for a problem, with its place, rule and hint on one line, and runs nothing",
  async () => {
    const files = { "scripts/garden.ts": GARDEN, [TEND]: tendWith("north --dry-run", "north --dry-rn") };
    const [text, json] = await elsewhere(files, (root) => [runbook(["lint"], root), runbook(["lint", "--json"], root)]);
    expect(text).toEqual({
      code: 1,
      err: "",
      out: `${TEND}:24 toolkit-command scripts/garden.ts dig north --dry-rn: --dry-rn is no flag of this command, wanted --dry-run, perhaps; scripts/garden.ts dig north --dry-run

1 problem on 1 page: 2 pages with 4 blocks, 6 commands, 3 links checked by ${RULES.length} rules
Next: scripts/runbook.ts lint ${TEND}
`,
    });
    expect(json?.code).toBe(1);
    expect(JSON.parse(json?.out ?? "").problems).toEqual([
      expect.objectContaining({ file: TEND, line: 24, rule: "toolkit-command" }),
    ]);
  },
  WATCHDOG_MS,
);

test(
  "lint reads commands of its own script, and exits 2 when a script that is named cannot be loaded",
  async () => {
    const own = tendWith("Nobody", "`scripts/runbook.ts lnt` nobody");
    const [wrong, broken] = await Promise.all([
      elsewhere({ "scripts/garden.ts": GARDEN, [TEND]: own }, (root) => runbook(["lint"], root)),
      elsewhere({ "scripts/garden.ts": "export const script = (;" }, (root) => runbook(["lint"], root)),
    ]);
    expect(wrong).toMatchObject({
      code: 1,
      out: expect.stringContaining('scripts/runbook.ts lnt: "lnt", wanted one of'),
    });
    expect(broken).toMatchObject({ code: 2, out: "" });
  },
  WATCHDOG_MS,
);

test(
  "lint refuses a page that is not there as wrong usage",
  () => {
    const { code, out, err } = runbook(["lint", "git_hok"]);
    expect({ code, out }).toEqual({ code: 64, out: "" });
    expect(err).toContain("scripts/runbook.ts lint git_hook");
  },
  WATCHDOG_MS,
);
