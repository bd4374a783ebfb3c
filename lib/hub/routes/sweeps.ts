// Sweeps and syncs on request: the same run as the script's, waited for or looked at later. Without a name that outlives
// the connection, a cut line would leave the client to guess whether its run had begun.
import { z } from "@hono/zod-openapi";
import { LIST_QUERY } from "../http/lists.ts";
import { type Asked, type HubApp, offer, type Reply } from "../http/offer.ts";
import { Problem } from "../http/problem.ts";
import type { RunHost } from "../runs/run_host.ts";
import { runIdOf } from "../runs/run_id.ts";
import { interruptedProblem, placeOfRun } from "../runs/run_problems.ts";
import type { Run, RunOrder } from "../runs/run_rows.ts";
import type { Hub } from "../serving_hub.ts";

const LONGEST_S = 3_600;

const runId = z.uuid().toLowerCase().openapi({ description: "Made by the client: the same id again is the same run" });
const time = LIST_QUERY.since.unwrap();
const DOCUMENT = z
  .looseObject({ run_id: z.uuid(), exit_code: z.number().int(), lock_skipped: z.boolean() })
  .openapi("RunReport", { description: "What consistency_check.ts prints with --json" });
const RUN_FIELDS = {
  run_id: z.uuid(),
  mode: z.enum(["repo", "remote-all"]),
  slug: z.string().nullable(),
  source: z.string(),
  max_seconds: z.number().int(),
  status: z.enum(["running", "finished", "interrupted"]),
  problem: z.string().nullable().openapi({ description: "Why it was interrupted" }),
  requested_at: time,
  finished_at: time.nullable(),
};
const BEGUN = z.object(RUN_FIELDS).openapi("BegunRun");
const RUN = z
  .object({
    ...RUN_FIELDS,
    result: z.union([DOCUMENT, z.null()]),
    rendering: z.unknown().openapi({ description: "What the report for people shows beyond the result" }),
  })
  .openapi("Run");

const ASKING = {
  prefer: "`respond-async`: answers 202 at once, with the run's Location",
  "idempotency-key": "Up to 255 characters of your choice: where no run_id is given, the same key is the same run",
} as const;
const ANSWERS = {
  200: { says: "The run's report, also where its exit_code is not 0", schema: DOCUMENT },
  202: { says: "It is under way: look at its Location", schema: BEGUN },
} as const;
const WAITING =
  "Waits for the run's end unless asked not to: proxies on the path must allow for it. A client that leaves does not end the run.";

export function sweepRoutes(app: HubApp, hub: Hub): void {
  const { runs } = hub;
  const source = z.enum(runs.sources).default("api").openapi({ description: "Who asks; kept in the report" });
  const maxSeconds = z.number().int().min(1).max(LONGEST_S).default(runs.maxSeconds);
  offer(
    app,
    {
      method: "post",
      path: "/consistency/sweep/remote-all",
      tag: "consistency",
      summary: "Sweeps all remotes",
      description: WAITING,
      body: z.strictObject({ max_seconds: maxSeconds, source, run_id: runId.optional() }).openapi("SweepOrder"),
      headers: ASKING,
      answers: ANSWERS,
    },
    (asked) => {
      const { max_seconds, source: from } = asked.body;
      return begin(runs, asked, { mode: "remote-all", slug: null, source: from, max_seconds });
    },
  );
  offer(
    app,
    {
      method: "post",
      path: "/repos/{slug}/sync",
      tag: "consistency",
      summary: "Reconciles one repository with its remote",
      description: WAITING,
      params: z.object({ slug: z.string().min(1).max(200) }),
      body: z.strictObject({ source, run_id: runId.optional() }).openapi("SyncOrder"),
      headers: ASKING,
      answers: ANSWERS,
    },
    async (asked) => {
      const { slug } = asked.params;
      await requireRepo(hub, slug);
      return begin(runs, asked, { mode: "repo", slug, source: asked.body.source, max_seconds: runs.maxSeconds });
    },
  );
  offerRun(app, runs);
}

function offerRun(app: HubApp, runs: RunHost): void {
  offer(
    app,
    {
      method: "get",
      path: "/consistency/sweep/runs/{run_id}",
      tag: "consistency",
      summary: "A run that was asked for here",
      params: z.object({ run_id: runId }),
      answers: { 200: { says: "How it stands, and what it came to", schema: RUN } },
    },
    async ({ params }) => {
      const run = await runs.find(params.run_id);
      if (run === null) throw new Problem(404, "Not found", { detail: `No run has the id ${params.run_id}` });
      const { document = null, rendering = null } = run.result ?? {};
      return { status: 200, body: { ...shown(run), result: document, rendering } };
    },
  );
}

type Asking = Pick<Asked<undefined, undefined, undefined>, "header" | "mayTakeLong"> & {
  readonly body: { readonly run_id?: string | undefined };
};

async function begin(runs: RunHost, asked: Asking, order: Omit<RunOrder, "run_id">): Promise<Reply> {
  const waits = !prefersAsync(asked.header("prefer"));
  if (waits) asked.mayTakeLong();
  const run = await runs.begin({ run_id: runIdOf(asked.body.run_id, asked.header("idempotency-key")), ...order });
  const location = placeOfRun(run.run_id);
  if (!waits && run.status === "running")
    return { status: 202, body: shown(run), headers: { location, "preference-applied": "respond-async" } };
  const over = run.status === "running" ? await runs.ended(run) : run;
  if (over.result === null) throw interruptedProblem(over, run.status === "running" ? 503 : 409);
  return { status: 200, body: over.result.document, headers: { "content-location": location } };
}

/** RFC 7240: preferences are a list, each with parameters after a semicolon. */
function prefersAsync(prefer: string | null): boolean {
  return /(^|,)\s*respond-async\s*(;|,|$)/i.test(prefer ?? "");
}

function shown({ result: _result, server: _server, ...run }: Run) {
  return run;
}

async function requireRepo({ database }: Hub, slug: string): Promise<void> {
  const { sql } = database;
  const known = await sql`select from repos where slug = ${slug} and removed_at is null`;
  if (known.length > 0) return;
  throw new Problem(404, "Not found", {
    detail: `No repository has the slug ${slug}`,
    hint: "scripts/state_hub.ts repo list",
  });
}
