// A toolkit with one script, one runbook and its index, all of it as it should be: what a test breaks one thing in.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { command, defineScript, type Script } from "../../../lib/cli/define_script.ts";
import { environmentForPrograms } from "../../../lib/config.ts";
import { blockDigest, executedText } from "../../../lib/runbook/executed_blocks.ts";
import type { LintReport } from "../../../lib/runbook/lint_report.ts";
import { lintReport } from "../../../lib/runbook/lint_runbooks.ts";
import { isCommand, parseRunbook } from "../../../lib/runbook/read_runbook.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

export const TEND = "runbooks/tend.md";
export const EXECUTED = "runbooks/executed/tend.json";
export const INDEX = "runbooks/README.md";

export const CLEAN: Readonly<Record<string, string>> = {
  [INDEX]: `# Runbooks

| you see | go to |
|---|---|
| weeds | [Tend the garden](tend.md#dig-a-bed) |
`,
  [TEND]: `# Tend the garden

Beds are dug by [the script](../scripts/garden.ts).

## When to open this

- A bed is full of weeds: [dig it](#dig-a-bed).

## Before you start

\`\`\`text class=text name=say-what-it-is-about
cd ~/garden
export BED=north
\`\`\`

## Look

\`\`\`bash class=run name=look
scripts/garden.ts show "\${BED:?}"
\`\`\`

\`\`\`text class=output name=look-output
<bed> has weeds
Next: scripts/garden.ts dig north --dry-run
\`\`\`

## Do

### Dig a bed

\`\`\`bash class=plan name=dig-dry-run
scripts/garden.ts dig "\${BED:?}" --dry-run
\`\`\`

\`ROWS\` is what the plan says.

\`\`\`bash class=danger name=dig confirm=apply
scripts/garden.ts dig "\${BED:?}" --apply --rows "\${ROWS:?}"
\`\`\`

## How you know it worked

\`\`\`bash class=run name=prove-dug
grep -c dug <(scripts/garden.ts show "\${BED:?}")
\`\`\`

## How to go back

Nobody un-digs a bed.

## If it refuses

| it says | do |
|---|---|
| \`frozen\` | wait; \`scripts/garden.ts show north\` says for how long |

## Last rehearsed

2026-11-21, by its author.
`,
};

export const GARDEN: Script = defineScript({
  name: "garden.ts",
  promise: "Digs.",
  reads: [],
  writes: [],
  commands: [
    command({
      name: "show",
      promise: "Shows a bed.",
      positional: { name: "bed", describe: "Its name", required: true },
      run: neverRun,
    }),
    command({
      name: "dig",
      promise: "Digs a bed.",
      positional: { name: "bed", describe: "Its name", required: true },
      flags: {
        "dry-run": { kind: "boolean", describe: "Only say" },
        apply: { kind: "boolean", describe: "Do" },
        rows: { kind: "integer", min: 1, describe: "How many" },
        with: { kind: "choice", choices: ["spade", "fork"], describe: "By what" },
      },
      run: neverRun,
    }),
  ],
});

function neverRun(): Promise<never> {
  throw new Error("the lint has run a command");
}

/** Lints these files, each in place of the clean one or beside it, in a folder of their own; null leaves one out. */
export async function lintOf(
  files: Readonly<Record<string, string | null>> = {},
  names: readonly string[] = [],
): Promise<LintReport> {
  return inToolkit(files, (root) =>
    lintReport({
      root,
      names,
      scriptNamed: async (name) => (name === GARDEN.name ? GARDEN : null),
      env: environmentForPrograms(),
      signal: AbortSignal.timeout(20_000),
    }),
  );
}

export async function inToolkit<T>(
  files: Readonly<Record<string, string | null>>,
  work: (root: string) => Promise<T> | T,
): Promise<T> {
  const folder = temporaryFolder();
  try {
    const all = { ...CLEAN, "scripts/garden.ts": "// digs\n", ...executedOf({ ...CLEAN, ...files }), ...files };
    for (const [file, text] of Object.entries(all)) {
      if (text === null) continue;
      mkdirSync(join(folder.path, dirname(file)), { recursive: true });
      writeFileSync(join(folder.path, file), text, { mode: file === "scripts/garden.ts" ? 0o755 : 0o644 });
    }
    return await work(folder.path);
  } finally {
    folder.remove();
  }
}

/** The record that would be beside the runbook when every command of it has been run. */
function executedOf({ [TEND]: text }: Readonly<Record<string, string | null>>): Record<string, string> {
  const page = parseRunbook(TEND, text ?? "");
  const executed = page.blocks
    .filter(isCommand)
    .map((block) => [block.name, { digest: blockDigest(page, block), as: "run" }]);
  return { [EXECUTED]: executedText(page, Object.fromEntries(executed)) };
}

/** The clean runbook with one passage replaced; the passage must be there. */
export function tendWith(passage: string, instead: string): string {
  const clean = CLEAN[TEND] ?? "";
  if (!clean.includes(passage)) throw new Error(`the clean page has no ${passage}`);
  return clean.replace(passage, () => instead);
}
