// Thousands of connections that never ask anything, held by a process of its own: a test's own has too few files for both
// ends.
import { environmentForPrograms } from "../../lib/config.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";

export interface IdleConnections {
  /** How many the server has not closed. */
  open(): Promise<number>;
  close(): Promise<void>;
}

/** Resolves when all of them are connected. */
export async function idleConnections(at: string, count: number): Promise<IdleConnections> {
  const { hostname, port } = new URL(at);
  const child = Bun.spawn(
    [process.execPath, `${import.meta.dir}/open_idle_connections.ts`, hostname, port, String(count)],
    {
      env: environmentForPrograms(),
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const end = () => child.kill("SIGKILL");
  whenTestsEnd(end, end);
  const reader = child.stdout.getReader();
  const answer = async () => new TextDecoder().decode((await reader.read()).value).trim();
  if ((await answer()) !== String(count)) throw new Error("not all of them could be connected");
  return {
    open: async () => {
      child.stdin.write("?");
      await child.stdin.flush();
      return Number(await answer());
    },
    close: async () => {
      end();
      await child.exited;
    },
  };
}
