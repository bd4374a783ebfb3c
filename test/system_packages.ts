// Sees to the programs that tests need and npm cannot bring: on Debian, as root, it installs their packages; elsewhere
// it prints the one line to type. Without it the first test run of a newcomer ends in "No such file or directory".
// Usage: scripts/bun test/system_packages.ts
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describeFailure, OpsFailure } from "../lib/failure.ts";
import { withoutMainCluster, withServicesHeld } from "./support/hold_services.ts";
import { withNewServicesOff } from "./support/new_services_off.ts";
import { systemProgram } from "./support/system_program.ts";

export interface SystemPackage {
  /** Debian's name of the package. */
  readonly name: string;
  /** Homebrew's, where it is another. */
  readonly brew?: string;
  /** The service that it would switch on for every boot. */
  readonly service?: string;
  readonly why: string;
  readonly present: () => boolean;
}

export const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  {
    name: "postgresql-15",
    brew: "postgresql@15",
    why: "the server that each test run starts for itself",
    present: hasPostgres15,
  },
  {
    name: "git",
    why: "the repositories that the tests make and reconcile, also served over HTTPS",
    present: () => has("git"),
  },
  {
    name: "openssh-server",
    brew: "openssh",
    service: "ssh",
    why: "remotes behind a real sshd; its client comes with it",
    present: () => ["sshd", "ssh", "ssh-keygen"].every(has),
  },
  { name: "openssl", why: "the certificate of the HTTPS remote", present: () => has("openssl") },
  {
    name: "iproute2",
    why: "another host: a network namespace with a slow or a dead line to it (Linux only)",
    present: () => process.platform !== "linux" || has("ip"),
  },
  {
    name: "pgbouncer",
    service: "pgbouncer",
    why: "the pooler that must not stand before a lock",
    present: () => has("pgbouncer"),
  },
  {
    name: "nats-server",
    service: "nats-server",
    why: "the events' stream, as it is, full, frozen or refusing",
    present: () => has("nats-server"),
  },
  { name: "age", why: "the encryption of backups", present: () => ["age", "age-keygen"].every(has) },
  { name: "zsh", why: "completion in the other shell", present: () => has("zsh") },
  { name: "curl", why: "the hub's client that nobody here wrote", present: () => has("curl") },
  {
    name: "systemd",
    why: "the user units, verified and run by a manager of their own (Linux only)",
    present: () => process.platform !== "linux" || (has("systemd-analyze") && existsSync("/lib/systemd/systemd")),
  },
];

const THIS_FILE = import.meta.path;
const SCRIPTS_BUN = join(import.meta.dir, "../scripts/bun");

/** What to type where we may not install. On Debian it is this file as root, so that there, too, no service starts. */
export function lineToType(missing: readonly SystemPackage[], machine: { debian: boolean; brew: boolean }): string {
  if (machine.debian) return `sudo "${SCRIPTS_BUN}" "${THIS_FILE}"`;
  if (machine.brew) {
    const formulas = missing.map(({ name, brew }) => brew ?? name);
    return `brew install ${formulas.join(" ")} && brew link --force ${formulas.join(" ")}`;
  }
  return `install with your system's package manager, and have on PATH: ${missing.map(({ name }) => name).join(" ")}`;
}

/** Installs packages; starts no service, now or at the next boot, makes no cluster. apt prints to stderr. @throws OpsFailure */
export async function installPackages(packages: readonly SystemPackage[]): Promise<void> {
  const names = packages.map(({ name }) => name);
  const services = packages.flatMap(({ service }) => service ?? []);
  // Ctrl-C or SIGTERM in the middle of dpkg would leave the machine half configured: apt ends first, then we.
  const stay = () => {};
  process.on("SIGINT", stay).on("SIGTERM", stay);
  try {
    await withServicesHeld(() => withNewServicesOff(services, () => withoutMainCluster(() => aptInstall(names))));
  } finally {
    process.off("SIGINT", stay).off("SIGTERM", stay);
  }
}

/** Refreshes apt's lists only where they don't know a package, or where what they name can't be had any more. */
async function aptInstall(names: readonly string[]): Promise<void> {
  const install = [
    "apt-get",
    "install",
    "-y",
    "-q",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=300",
    ...names,
  ];
  const known = names.every(aptKnows);
  if (known && (await apt(install)) === 0) return;
  const updated = await apt(["apt-get", "update", "-q"]);
  const code = await apt(install);
  if (code === 0) return;
  throw new OpsFailure(`Could not install ${names.join(" ")}`, {
    observed: `apt-get install ended with ${code}${updated === 0 ? "" : `, apt-get update with ${updated}`}`,
    hint: install.join(" "),
  });
}

async function apt(argv: readonly string[]): Promise<number> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return await Bun.spawn([...argv], { env, stdio: ["ignore", process.stderr.fd, "inherit"] } as const).exited;
}

/** Whether apt's lists name a version of the package; on a fresh image the lists are empty. */
function aptKnows(name: string): boolean {
  const env = { ...process.env, LC_ALL: "C" };
  return /Candidate: [^(]/.test(Bun.spawnSync(["apt-cache", "policy", name], { env }).stdout.toString());
}

const has = (program: string) => systemProgram(program) !== null;

/** The server stands outside PATH on Debian; elsewhere whatever `postgres` says that it is. */
function hasPostgres15(): boolean {
  if (existsSync("/usr/lib/postgresql/15/bin/postgres")) return true;
  if (Bun.which("postgres") === null) return false;
  return / 15\.\d/.test(Bun.spawnSync(["postgres", "--version"]).stdout.toString());
}

/** @returns the exit code: 0 when nothing is missing any more, 1 when somebody has to type a line, 2 when apt failed */
async function main(): Promise<number> {
  const missing = SYSTEM_PACKAGES.filter((each) => !each.present());
  if (missing.length === 0) return 0;
  const debian = existsSync("/etc/debian_version") && Bun.which("apt-get") !== null;
  const needs = missing.map(({ name, why }) => `  ${name.padEnd(14)} ${why}`);
  if (!debian || process.getuid?.() !== 0) {
    const line = lineToType(missing, { debian, brew: Bun.which("brew") !== null });
    say(["The tests need what this machine has not:", ...needs, `Type: ${line}`]);
    return 1;
  }
  say([
    "Installing Debian packages that the tests need (apt-get; no service is started or enabled, no cluster made):",
    ...needs,
  ]);
  await installPackages(missing);
  const still = missing.filter((each) => !each.present()).map(({ name }) => name);
  if (still.length === 0) return 0;
  throw new OpsFailure("Could not find what apt-get installed", { observed: `still missing: ${still.join(" ")}` });
}

function say(lines: readonly string[]): void {
  process.stderr.write(`${lines.join("\n")}\n`);
}

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    say([describeFailure(error), ...(error instanceof OpsFailure && error.hint ? [`Try: ${error.hint}`] : [])]);
    process.exitCode = 2;
  }
}
