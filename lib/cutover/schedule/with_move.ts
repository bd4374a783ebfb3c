// Opens what a move needs, and closes it whatever happened: the connection that holds its locks ends the move when it is lost.
import { userInfo } from "node:os";
import type { Io, Outcome } from "../../cli/define_script.ts";
import { cronGrid } from "../../schedule/cron_grid.ts";
import type { Move } from "./move.ts";

export interface MoveTools extends Pick<Move, "world" | "hub" | "activity" | "home" | "host" | "judges"> {
  readonly cron: string;
  readonly io: Pick<Io, "signal" | "progress">;
}

/** @throws what `work` throws; OpsFailure (automation) when no connection for locks can be made */
export async function withMove(
  { cron, io, ...tools }: MoveTools,
  work: (move: Move) => Promise<Outcome>,
): Promise<Outcome> {
  const grid = cronGrid(cron);
  const locks = await tools.hub.sessionLocks({ source: "manual", host: tools.host, pid: process.pid });
  const signal = AbortSignal.any([io.signal, locks.lost]);
  const world = {
    ...tools.world,
    units: { ...tools.world.units, signal },
    cluster: { ...tools.world.cluster, signal },
  };
  try {
    return await work({ ...tools, world, grid, locks, operator: operatorName(), signal, progress: io.progress });
  } finally {
    await locks.close();
  }
}

/** As the system knows the account; a number where it has no name. */
function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
