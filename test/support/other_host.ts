// Another host, as far as the network goes: a namespace of its own at the end of a line that can be slow or dead. Its
// files are this machine's. Needs root and Linux. It goes when the tests end, however they end.
import { environmentForPrograms } from "../../lib/config.ts";
import { OpsFailure } from "../../lib/failure.ts";
import { type RunResult, run } from "../../lib/process/run.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import type { LinkState } from "./slow_link.ts";
import { type Sshd, type SshdOptions, startSshd } from "./sshd.ts";
import { systemProgram } from "./system_program.ts";

export interface OtherHost {
  /** Its own address. */
  readonly address: string;
  /** This machine's, as it is seen from there: what it shall reach must listen on it. */
  readonly hostAddress: string;
  /** Words before a command that start it there. */
  readonly through: readonly string[];
  /** Runs a program there, and waits for it. */
  run(argv: readonly string[], options?: { env?: Record<string, string>; deadlineMs?: number }): Promise<RunResult>;
  /** An sshd there, on port 22 unless given. */
  startSshd(options?: Omit<SshdOptions, "bind" | "through">): Promise<Sshd>;
  /** Adds this to every round trip, half of it on each way, from now on. Takes effect before it resolves. */
  delay(roundTripMs: number): Promise<void>;
  /** From now on so many of a hundred packets vanish, either way. */
  lose(percent: number): Promise<void>;
  /** From now on every packet vanishes, both ways: a host that lost its power, a cable that was cut. */
  drop(): Promise<void>;
  /** Packets arrive again; what TCP still repeats then comes through. */
  restore(): Promise<void>;
  /** Ends all that runs there, and takes the namespace and its addresses away. */
  remove(): Promise<void>;
}

const RUN_MS = 60_000;
const MOST_IN_ONE_PROCESS = 64;
let made = 0;

/** @throws OpsFailure (automation) where there is no root, no /dev/net/tun, no network namespace */
export async function otherHost(): Promise<OtherHost> {
  const program = systemProgram("ip");
  if (program === null) throw new OpsFailure("Could not find ip", { hint: "npm test installs iproute2, or says how" });
  const number = made++;
  const name = `hub${process.pid}x${number}`;
  const [hostAddress, address] = await freePair(program, number);
  const line = await startLine([name, hostAddress, address]);
  const through = ["nsenter", `--target=${line.namespace}`, "--net", "--"];
  let state: LinkState = { roundTripMs: 0, dropping: false, lossPercent: 0 };
  const become = (change: Partial<LinkState>) => {
    state = { ...state, ...change };
    return line.tell(state);
  };
  whenTestsEnd(line.end);
  return {
    address,
    hostAddress,
    through,
    run: (argv, { env = environmentForPrograms(), deadlineMs = RUN_MS } = {}) =>
      run([...through, ...argv], { env, deadlineMs }),
    startSshd: (options = {}) => startSshd({ port: 22, ...options, bind: address, through }),
    delay: (roundTripMs) => become({ roundTripMs }),
    lose: (lossPercent) => become({ lossPercent }),
    drop: () => become({ dropping: true }),
    restore: () => become({ dropping: false }),
    remove: line.end,
  };
}

/** The process that passes the packets on: ready when this resolves, gone with its namespace when `end` does. */
async function startLine(args: readonly string[]) {
  const child = Bun.spawn([process.execPath, `${import.meta.dir}/slow_link.ts`, ...args], {
    env: environmentForPrograms(),
    stdio: ["pipe", "pipe", "pipe"],
    // Ctrl-C is for the tests: it has to outlive them by a moment.
    detached: true,
  });
  const answers = child.stdout.getReader();
  const answer = async () => {
    const { done, value } = await answers.read();
    if (!done) return new TextDecoder().decode(value).trim();
    const observed = (await new Response(child.stderr).text()).trim();
    throw new OpsFailure("Could not keep up a line to another host", {
      observed,
      expected: "root (CAP_SYS_ADMIN, CAP_NET_ADMIN) on Linux, with /dev/net/tun",
      hint: "sudo npm test; a container: --cap-add SYS_ADMIN --cap-add NET_ADMIN --device /dev/net/tun",
    });
  };
  let last = Promise.resolve();
  return {
    namespace: await answer(),
    // One after the other, so that each answer is of the state before it.
    tell: (state: LinkState) => {
      last = last.then(async () => {
        child.stdin.write(JSON.stringify(state));
        await child.stdin.flush();
        await answer();
      });
      return last;
    },
    end: async () => {
      await child.stdin.end();
      await child.exited;
    },
  };
}

/** Two addresses that nobody uses here, from 10.0.0.0/8: which, is told by the process id, so that runs don't meet. */
async function freePair(program: string, number: number): Promise<[host: string, inside: string]> {
  for (let attempt = 0; attempt < MOST_IN_ONE_PROCESS; attempt++) {
    const at = (process.pid * MOST_IN_ONE_PROCESS + number + attempt * 4099) % 2 ** 22;
    const address = (last: number) => `10.${(at >> 14) & 255}.${(at >> 6) & 255}.${((at & 63) << 2) + last}`;
    const argv = [program, "-4", "route", "show", "table", "all", "root", `${address(0)}/30`];
    const { stdout } = await run(argv, { env: environmentForPrograms(), deadlineMs: RUN_MS });
    if (stdout.trim() === "") return [address(1), address(2)];
  }
  throw new OpsFailure("Could not find free addresses for another host", { hint: "ip route show table all" });
}
