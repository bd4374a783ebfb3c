// Behind every `npm run`: makes node_modules agree with package-lock.json, then starts the work with the pinned Bun.
// Plain Node without a dependency, because it runs before anything is installed. Without it a newcomer's first
// command would hang on which npm they have, on NODE_ENV, and on whether install scripts may run.
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BUN, installWhatIsMissing, ROOT, run, say } from "./npm_ci.mjs";

const EXIT_FAILED = 1;
const EXIT_AUTOMATION = 2;
const EXIT_USAGE = 64;

/**
 * What each `npm run NAME` does. Steps run in order until one fails; with `all`, every step runs, so that one
 * `npm run check` shows all that is wrong. `goOn` is what to type next.
 * @type {Record<string, { says: string, steps: (extra: string[]) => string[][], all?: boolean,
 *   env?: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv, goOn?: string[] }>}
 */
const COMMANDS = {
  start: {
    says: "reconciles this repository's own workplans with an embedded State Hub",
    steps: (extra) => [[BUN, "scripts/consistency_check.ts", "--repo", ROOT, ...extra]],
    env: withEmbeddedHub,
    goOn: [
      "export DATABASE_URL=embedded",
      "scripts/state_hub.ts status",
      "scripts/state_hub.ts explain OPS-WP-0001-T01",
      "scripts/consistency_check.ts --repo . --dry-run",
      "scripts/state_hub.ts stop",
    ],
  },
  test: {
    says: "runs the tests: npm test -- [PATH...] [flags of bun test]",
    steps: (extra) => [
      [BUN, "test/system_packages.ts"],
      [BUN, "test/run_tests.ts", "quick", ...extra],
    ],
    env: withoutServers,
  },
  "test:long": {
    says: "runs the loops that take too long for every run",
    steps: (extra) => [
      [BUN, "test/system_packages.ts"],
      [BUN, "test/run_tests.ts", "long", ...extra],
    ],
    env: withoutServers,
  },
  bench: {
    says: "measures speed and memory",
    steps: (extra) => [
      [BUN, "test/system_packages.ts"],
      [BUN, "test/bench/run_benchmarks.ts", ...extra],
    ],
    env: withoutServers,
  },
  check: {
    says: "format, lint, strict types, direction of imports, runbooks, activity definitions",
    steps: () => [
      [process.execPath, "node_modules/@biomejs/biome/bin/biome", "ci", "."],
      [process.execPath, "node_modules/typescript/bin/tsc", "-p", "."],
      [BUN, "test", "--timeout=60000", "./test/layering.test.ts"],
      [BUN, "scripts/runbook.ts", "lint"],
      [BUN, "scripts/activity_definitions.ts", "check", "--files"],
    ],
    all: true,
  },
  format: {
    says: "formats, and repairs what lint can repair",
    steps: (extra) => [[process.execPath, "node_modules/@biomejs/biome/bin/biome", "check", "--write", ".", ...extra]],
  },
};

/** The newcomer's hub: a throw-away one, whatever database the shell points at. @param {NodeJS.ProcessEnv} env */
function withEmbeddedHub(env) {
  const { DATABASE_URL: url, DATABASE_URL_FILE: file, ...rest } = env;
  if (file || (url && url !== "embedded")) {
    say(
      "npm start uses the embedded State Hub, not your DATABASE_URL. For yours: scripts/consistency_check.ts --repo .",
    );
  }
  return { ...rest, DATABASE_URL: "embedded" };
}

/** Tests make their own servers and repositories: nobody's database or git folder may reach them.
 * @param {NodeJS.ProcessEnv} env */
function withoutServers(env) {
  const ours = /^(DATABASE_URL|STATE_HUB_|NATS_URL|PG[A-Z]|GIT_)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}

/** @param {string | undefined} name @param {string[]} extra @returns {Promise<number>} the exit code */
async function main(name, extra) {
  const command = Object.hasOwn(COMMANDS, name ?? "") ? COMMANDS[name] : undefined;
  if (command === undefined) {
    const list = Object.entries(COMMANDS).map(([known, { says }]) => `  npm run ${known.padEnd(10)} ${says}`);
    say([`Could not run ${name ?? "nothing"}: wanted one of`, ...list].join("\n"));
    return EXIT_USAGE;
  }
  const installed = await installWhatIsMissing();
  if (installed !== 0) return installed;
  const env = command.env?.(process.env) ?? process.env;
  let worst = 0;
  for (const step of command.steps(extra)) {
    const code = await run(step, { env });
    if (code !== 0 && (!command.all || code >= 128)) return code;
    if (code !== 0) worst = EXIT_FAILED;
  }
  if (command.goOn && worst === 0 && !extra.some((word) => QUIET.has(word))) {
    say(["", "To go on with this hub, type:", ...command.goOn.map((line) => `  ${line}`)].join("\n"));
  }
  return worst;
}

// Words after which only the result may be printed.
const QUIET = new Set(["--json", "--quiet", "--help", "--version"]);

if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) {
  try {
    process.exitCode = await main(process.argv[2], process.argv.slice(3));
  } catch (error) {
    say(error.message);
    process.exitCode = EXIT_AUTOMATION;
  }
}
