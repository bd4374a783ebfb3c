#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'
// Runs one of these scripts on another machine, over SSH.
import { readdirSync } from "node:fs";
import { defineScript, type Io, type Outcome } from "../lib/cli/define_script.ts";
import { didYouMean } from "../lib/cli/did_you_mean.ts";
import { type Failed, failureDocument, failureText } from "../lib/cli/failure_text.ts";
import { main } from "../lib/cli/main.ts";
import { NO_PAINT } from "../lib/cli/paint.ts";
import { jsonText } from "../lib/cli/run_script.ts";
import { environmentForPrograms, readConfig } from "../lib/config.ts";
import { usageFailure } from "../lib/failure.ts";
import { shellQuoted } from "../lib/shell_quoted.ts";

interface OnHostArguments {
  readonly "host script arguments": readonly string[];
  readonly toolkit: string;
  readonly timeout: number;
}

async function onHost({ toolkit, timeout, ...rest }: OnHostArguments, io: Io): Promise<Outcome> {
  const [host = "", ...command] = rest["host script arguments"];
  const [script = "", ...given] = command[0] === "--" ? command.slice(1) : command;
  const words = io.json ? withJson(given) : given;
  requireScript(host, script);
  const [{ hostName }, { runOnHost }] = await Promise.all([
    import("../lib/remote/host_name.ts"),
    import("../lib/remote/run_on_host.ts"),
  ]);
  const { exitCode, missing } = await runOnHost(
    { host: hostName(host), toolkit, script, words, timeoutMs: timeout * 1_000 },
    {
      env: environmentForPrograms(),
      stateHubHome: readConfig().stateHubHome,
      signal: io.signal,
      out: (bytes) => io.pass("out", bytes),
      err: (bytes) => io.pass("err", bytes),
    },
  );
  if (missing !== null) await sayMissing({ kind: "automation", exitCode, error: missing }, io);
  return { exitCode: 0, exitCodeOfAnother: exitCode, document: {}, render: () => "" };
}

/** The exit code is a shell's, and no automation error has it: what the command line prints of one is printed here. */
async function sayMissing(failed: Failed, io: Io): Promise<void> {
  await io.pass("err", Buffer.from(failureText(failed, NO_PAINT, io.debug)));
  if (io.json) await io.pass("out", Buffer.from(`${jsonText(failureDocument(failed))}\n`));
}

/** Before a "--": behind it, a flag is a word like any other. */
function withJson(words: readonly string[]): readonly string[] {
  const end = words.includes("--") ? words.indexOf("--") : words.length;
  const [flags, rest] = [words.slice(0, end), words.slice(end)];
  return flags.includes("--json") ? words : [...flags, "--json", ...rest];
}

function requireScript(host: string, name: string): void {
  const known = readdirSync(import.meta.dir).filter((file) => file.endsWith(".ts"));
  if (known.includes(name)) return;
  const near = didYouMean(name, known);
  throw usageFailure("Could not choose a script", {
    observed: name === "" ? "no script" : `"${name}"`,
    expected: near === undefined ? `one of ${known.sort().join(", ")}` : `${near}, perhaps`,
    hint: near === undefined ? "scripts/on_host.ts --help" : `scripts/on_host.ts ${shellQuoted(host)} ${near}`,
  });
}

export const script = defineScript({
  name: "on_host.ts",
  promise: "Runs one of these scripts on another machine over SSH, and ends with its exit code.",
  reads: [
    "the ssh configuration, the keys or the agent, and the known host keys, as OpenSSH does",
    "over there: ~/.config/state-hub/env, as the units do",
  ],
  writes: ["nothing itself; over there, what the script writes"],
  examples: [
    {
      command: "scripts/on_host.ts vault state_hub.ts status",
      says: "a name of ~/.ssh/config; ends as the script does",
    },
    {
      command: "scripts/on_host.ts --timeout 5 vault consistency_check.ts --all --dry-run",
      says: "flags of on_host.ts stand before the host; what follows it is the script's",
    },
    {
      command: "scripts/on_host.ts ssh://hub@10.0.0.9:2222 state_hub.ts status --json",
      says: "where no configuration has a name for it; the document is the script's",
    },
  ],
  positional: {
    name: "host script arguments",
    describe:
      "Where (a name of ~/.ssh/config, or ssh://USER@HOST:PORT), one of these scripts, and what it is given, its flags too",
    required: true,
    many: true,
    verbatim: true,
  },
  flags: {
    toolkit: {
      kind: "string",
      placeholder: "DIR",
      default: "~/state-hub-ops",
      describe: "The toolkit's folder over there",
    },
    timeout: {
      kind: "integer",
      min: 1,
      max: 600,
      default: 20,
      placeholder: "SECONDS",
      describe: "Until the script begins over there; it may then run for as long as it likes",
    },
  },
  run: onHost,
});

if (import.meta.main) await main(script);
