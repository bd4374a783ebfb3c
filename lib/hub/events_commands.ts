// The bodies of `state_hub.ts events ...`: what is published is shown as it comes, and what was kept back is sent after all.
import type { Io, Outcome } from "../cli/define_script.ts";
import type { ServiceConfig } from "../config.ts";
import type { Database } from "../db/connect.ts";
import type { TailedEvent } from "../events/tail_events.ts";
import { usageFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";

export interface TailArguments {
  readonly subject?: string | undefined;
  readonly since?: string | undefined;
  readonly last?: number | undefined;
  /** End after so many. */
  readonly count?: number | undefined;
  /** End after so long. */
  readonly maxSeconds?: number | undefined;
}

/** @throws OpsFailure (usage) without NATS_URL; as tailEvents */
export async function eventsTail({ natsUrl }: ServiceConfig, args: TailArguments, io: Io): Promise<Outcome> {
  if (natsUrl === null)
    throw usageFailure("Could not show events", {
      observed: "NATS_URL is not set",
      expected: "where the hub publishes them",
      hint: "export NATS_URL=nats://127.0.0.1:4222",
    });
  const { tailEvents } = await import("../events/tail_events.ts");
  const { subject, since, last, count = Number.POSITIVE_INFINITY, maxSeconds } = args;
  const enough = new AbortController();
  const late = maxSeconds === undefined ? [] : [AbortSignal.timeout(maxSeconds * 1000)];
  let shown = 0;
  await tailEvents({
    natsUrl,
    ...(subject === undefined ? {} : { subject }),
    ...(since === undefined ? {} : { since }),
    ...(last === undefined ? {} : { last }),
    signal: AbortSignal.any([io.signal, enough.signal, ...late]),
    onListening: () => io.note("Listening; Ctrl-C ends it"),
    onEvent: (event) => {
      if (shown >= count) return;
      shown++;
      const isRead = io.show(recordOf(event), lineOf(event));
      if (!isRead || shown >= count) enough.abort();
    },
  });
  return { exitCode: 0, document: { events: shown }, render: () => "No event came" };
}

function recordOf({ text, envelope, ...event }: TailedEvent): Record<string, unknown> {
  return { ...event, ...(envelope === null ? { text } : { envelope }) };
}

/** `2026-11-21T08:00:00.000Z org.statehub.decision.resolved outcome="8000" ...`: one line an event. */
function lineOf({ stored_at, subject, envelope, text }: TailedEvent): string {
  const attributes = (envelope as { attributes?: Record<string, unknown> } | null)?.attributes;
  const said = attributes === undefined ? [text] : Object.entries(attributes).map(pair);
  return [stored_at, subject, ...said].join(" ");
}

function pair([name, value]: [string, unknown]): string {
  return `${name}=${typeof value === "string" && /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value)}`;
}

/** Puts events back that no stream has; a hub with NATS_URL sends them. @throws OpsFailure (usage) for a time that is none */
export async function eventsReplay(
  database: Database,
  { since, all, dryRun }: { since: string | null; all: boolean; dryRun: boolean },
): Promise<Outcome> {
  const { replayEvents } = await import("../events/replay_events.ts");
  const result = await replayEvents(database.sql, { since, onlySuppressed: !all, dryRun });
  const { events, by_subject } = result;
  const rows = Object.entries(by_subject).map(([subject, count]) => [subject, count]);
  const done = dryRun ? "would be put back" : "put back; a hub with NATS_URL sends what its stream does not have";
  return {
    exitCode: 0,
    document: { dry_run: dryRun, ...result },
    render: (view) =>
      events === 0
        ? "No event to put back."
        : `${view.table([{ title: "subject" }, { title: "events", align: "right" }], rows)}\n${events} ${done}`,
    next: dryRun && events > 0 ? replayCommand(since, all) : "scripts/state_hub.ts status",
  };
}

/** What was only counted, in earnest: the same events and no others. */
function replayCommand(since: string | null, all: boolean): string {
  const flags = [...(all ? ["--all"] : []), ...(since === null ? [] : ["--since", shellQuoted(since)])];
  return ["scripts/state_hub.ts events replay", ...flags].join(" ");
}
