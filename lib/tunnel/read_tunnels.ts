// Reads tunnels.yaml: wrong as a whole it is wrong usage; what is wrong with one tunnel alone is that tunnel's verdict, and the
// others are checked all the same.
import { dirname, isAbsolute, join } from "node:path";
import { usageFailure } from "../failure.ts";
import { readYamlFile } from "../front_matter/read_yaml_file.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { pinnedKey } from "../ssh/pinned_key.ts";
import { refusedList, wrongList } from "./refused_list.ts";
import { TUNNELS, type Tunnel, unitOf, type WrittenTunnel } from "./tunnel.ts";

// A thousand tunnels with every key: more is no list that somebody wrote.
const LIMITS = { maxBytes: 1024 * 1024, maxKeys: 25_000, maxDepth: 8, maxMarks: 150_000 };

export interface TunnelsFile {
  readonly path: string;
  readonly home: string;
}

/** The account's own list, whose tunnels its units keep. */
export function ownList(home: string): string {
  return join(home, ".config/state-hub/tunnels.yaml");
}

/** @throws OpsFailure (usage) for a file that is not there, is no YAML, or says what no tunnel is: with its line */
export function readTunnels({ path, home }: TunnelsFile): Tunnel[] {
  const begin = `install -D -m 600 tunnels.example.yaml ${shellQuoted(path)}; step by step in runbooks/add_a_machine.md`;
  const value = readYamlFile(path, "the list of tunnels", LIMITS, begin);
  const read = TUNNELS.safeParse(value);
  if (!read.success) throw wrongList(path, value, read.error.issues);
  const { tunnels } = read.data;
  const twice = tunnels.findIndex(({ name }, at) => tunnels.findIndex((other) => other.name === name) !== at);
  if (twice !== -1) {
    const observed = `the name ${tunnels[twice]?.name} stands there twice`;
    throw refusedList({ path, keys: ["tunnels", twice, "name"] }, observed, "a name for each tunnel");
  }
  return tunnels.map((written) => {
    const { runs_as, ssh, ...rest } = written;
    const problems = problemsOf(written, tunnels);
    return { ...rest, list: path, unit: unitOf(runs_as), ssh: withKey(ssh, path, home), problems };
  });
}

function withKey(ssh: WrittenTunnel["ssh"], path: string, home: string): WrittenTunnel["ssh"] {
  return ssh.identity_file === undefined ? ssh : { ...ssh, identity_file: located(ssh.identity_file, path, home) };
}

/** @throws OpsFailure (usage) for a name that the file does not have */
export function chosen(tunnels: readonly Tunnel[], names: readonly string[]): Tunnel[] {
  const missing = names.find((name) => !tunnels.some((tunnel) => tunnel.name === name));
  if (missing === undefined) return tunnels.filter(({ name }) => names.length === 0 || names.includes(name));
  const known = tunnels.slice(0, 20).map(({ name }) => name);
  throw usageFailure("Could not find the tunnel", {
    observed: missing,
    expected: `${known.join(", ")}${tunnels.length > known.length ? ", ..." : ""}`,
  });
}

function located(file: string, path: string, home: string): string {
  if (file.startsWith("~/")) return join(home, file.slice(2));
  return isAbsolute(file) ? file : join(dirname(path), file);
}

function problemsOf(tunnel: WrittenTunnel, all: readonly WrittenTunnel[]): string[] {
  const { ssh, listen, runs_as } = tunnel;
  const problems: string[] = [];
  if (!ssh.host_key) problems.push("no ssh.host_key: whoever answers at the address would be believed");
  else if (pinnedKey(ssh.host_key) === null) problems.push("ssh.host_key is neither SHA256:... nor a public key");
  const unit = unitOf(runs_as);
  if (unit === null) return problems;
  if (listen.port === 0) problems.push("listen.port is 0: nobody could find what a unit listens on");
  const same = all.filter(
    (other) => other !== tunnel && unitOf(other.runs_as) !== null && place(other) === place(tunnel),
  );
  if (same.length > 0) problems.push(`${same[0]?.name} listens on ${listen.host}:${listen.port}, too`);
  const sharing = all.find((other) => other !== tunnel && unitOf(other.runs_as) === unit);
  if (sharing) problems.push(`${sharing.name} is kept by ${unit}, too`);
  return problems;
}

/** Where the listener is: on this machine, or on the ssh host. */
function place({ direction, ssh, listen }: WrittenTunnel): string {
  const machine = direction === "local" ? "here" : `${ssh.host}:${ssh.port ?? 22}`;
  return `${machine} ${listen.host}:${listen.port}`;
}
