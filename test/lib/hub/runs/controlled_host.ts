// A hub's keeping of runs whose work is a promise that the test settles, and whose database fails where a test says so.
import type { Database } from "../../../../lib/db/connect.ts";
import type { Problem } from "../../../../lib/hub/http/problem.ts";
import { openRunHost, type RunHost } from "../../../../lib/hub/runs/run_host.ts";
import type { KeptResult, RunTerms } from "../../../../lib/hub/runs/run_work.ts";

export const DONE: KeptResult = { document: { exit_code: 0 }, rendering: null };

export interface Controlled {
  readonly host: RunHost;
  /** Ends the run of that id. */
  readonly end: (runId: string, how?: Error) => void;
  /** Each time that a run was at work. */
  readonly begun: readonly string[];
}

/** @param heeds whether its work ends when its signal is aborted */
export async function controlledHost(database: Database, heeds = true): Promise<Controlled> {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<KeptResult>>();
  const begin = ({ runId, signal }: RunTerms) => {
    const end = Promise.withResolvers<KeptResult>();
    ends.set(runId, end);
    begun.push(runId);
    if (heeds) signal.addEventListener("abort", () => end.reject(signal.reason));
    return end.promise;
  };
  const work = { sources: ["api"], maxSeconds: 300, sweep: begin, sync: begin };
  const host = await openRunHost({ database, work, host: "here", log: () => {} });
  const end: Controlled["end"] = (runId, how) =>
    how === undefined ? ends.get(runId)?.resolve(DONE) : ends.get(runId)?.reject(how);
  return { host, end, begun };
}

export const order = () => ({
  run_id: Bun.randomUUIDv7(),
  mode: "remote-all" as const,
  slug: null,
  source: "api",
  max_seconds: 300,
});
export const problemOf = async (asking: Promise<unknown>) =>
  asking.then(
    () => null,
    ({ status, title }: Problem) => `${status} ${title}`,
  );

/** The database, in which the first statement with each of these words comes to something else. */
export function withFirst(
  database: Database,
  instead: Readonly<Record<string, (statement: Promise<unknown>) => Promise<unknown>>>,
): Database {
  const left = new Map(Object.entries(instead));
  const sql = new Proxy(database.sql, {
    apply: (target, self, given) => {
      const made = Reflect.apply(target, self, given);
      const words = [...left.keys()].find((each) => String(given[0]).includes(each)) ?? "";
      const other = left.get(words);
      left.delete(words);
      return other === undefined ? made : other(made);
    },
  });
  return new Proxy(database, {
    get: (target, name) => {
      if (name === "sql") return sql;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
