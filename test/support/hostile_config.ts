// Configuration that names a program wherever git knows a key for one, and hooks of every kind: each leaves a mark when it
// runs. A program that is named and was not started is only proven by a mark that could have been left.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** githooks(5), of 2.39 to 2.54. */
const HOOKS =
  "applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg post-commit " +
  "pre-rebase post-checkout post-merge pre-push pre-receive update proc-receive post-receive post-update " +
  "reference-transaction push-to-checkout pre-auto-gc post-rewrite sendemail-validate fsmonitor-watchman " +
  "p4-changelist p4-prepare-changelist p4-post-changelist p4-pre-submit post-index-change";

export interface Canary {
  /** A program that leaves its mark, then does as far as one can what whatever it stands for should. */
  readonly path: string;
  /** What ran so far: its name and arguments, a line each, or "touched"; "" when nothing did. */
  marks(): string;
  /** A shell command that leaves one, without a space. */
  readonly shell: string;
  addHooks(folder: string): void;
}

export function canaryIn(folder: string): Canary {
  const [path, file] = [join(folder, "canary"), join(folder, "marks")];
  const program = (says: string, rest: string) => `#!/bin/sh\necho "${says} $*" >> '${file}'\n${rest}\n`;
  writeFileSync(path, program("canary", "[ -t 0 ] || cat"), { mode: 0o755 });
  return {
    path,
    marks: () => (existsSync(file) ? readFileSync(file, "utf8") || "touched" : ""),
    shell: `touch\${IFS}${file}`,
    addHooks: (hooks) => {
      mkdirSync(hooks, { recursive: true });
      for (const name of HOOKS.split(" "))
        writeFileSync(join(hooks, name), program(`hook ${name}`, "exit 0"), { mode: 0o755 });
    },
  };
}

/** Every key that this git says it knows, with `evil` for each name that is free to choose. */
export function everyKey(): string[] {
  const { stdout, exitCode } = Bun.spawnSync(["git", "help", "--config"]);
  if (exitCode !== 0) throw new Error("git help --config does not list the keys");
  const lines = stdout.toString().split("\n");
  const keys = lines.filter((line) => /^[a-z]\w*\.\S+$/i.test(line)).map((line) => line.replace(/<[^>]*>|\*/g, "evil"));
  return [...new Set([...keys, "filter.evil.process", "filter.evil.required", "hook.evil.command", "hook.evil.event"])];
}

/** Of those, the ones whose value git or a program that comes with it starts, and for which no checkout is left alone. */
export function programKeys(): string[] {
  const refused = new Set(Object.keys(refusedKeys("")));
  const named = everyKey().filter((key) => STARTS.test(key) && !IS_NO_PROGRAM.test(key) && !refused.has(key));
  const ours = [...named, ...named.map((key) => key.replace("remote.evil.", "remote.origin."))];
  const commands = ["fetch", "merge", "status", "read-tree", "update-ref", "diff-tree", "config", "cat-file"];
  return [...new Set([...ours, ...commands.flatMap((name) => [`alias.${name}`, `pager.${name}`])])];
}

const STARTS =
  /(command|cmd|program|hookspath|fsmonitor|packobjectshook|helper|driver|\.textconv|external|askpass|editor|^pager\..*|core\.pager|browser|tool|\.path|difffilter|tunnel|vcs|proxy|^alias\..*|\.update|receivepack|uploadpack|httpd|smtpserver)$/i;
const IS_NO_PROGRAM = /^(advice|color|column|status|commit|completion|rebase|notes|include|includeif|hook)\./i;

/** Keys for which a checkout is left alone, with a value for each that would do something. */
export function refusedKeys(canary: string): Readonly<Record<string, string>> {
  return {
    "filter.evil.clean": canary,
    "filter.evil.smudge": canary,
    "filter.evil.process": canary,
    "include.path": "included",
    "includeIf.gitdir:/.path": "included",
    "core.worktree": "/tmp",
    "core.alternateRefsCommand": canary,
    "core.aKeyOfTheFuture": canary,
    "hook.evil.command": canary,
    "fetch.bundleURI": `ext::${canary}`,
    "url.ext::evil .insteadOf": "/",
    "lfs.customtransfer.evil.path": canary,
  };
}

/** Appended as text: git itself would refuse some of it, and act on some. */
export function addKey(config: string, key: string, value: string): void {
  const [first, last] = [key.indexOf("."), key.lastIndexOf(".")];
  const section = key.slice(0, first);
  const subsection = first === last ? "" : ` "${key.slice(first + 1, last)}"`;
  appendFileSync(config, `[${section}${subsection}]\n\t${key.slice(last + 1)} = "${value}"\n`);
}
