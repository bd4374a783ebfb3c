// The page about backups, its commands in the order in which a reader comes to need them, and what happens around them.
import { isCommand } from "../../lib/runbook/read_runbook.ts";
import type { BackupRunbookWorld } from "./backup_runbook.ts";
import { pageNamed, RUN_MS, rehearse } from "./runbook_reader.ts";

const NAME = "backup_restore_drill";
export const page = pageNamed(NAME);

/** They need an account with systemd: test/scenarios/backup_units.test.ts runs them. */
const OF_THE_UNITS = [
  ...["link-units", "backup-by-unit", "drill-by-unit", "enable-timers"],
  ...["look-timers", "disable-timers"],
];

type Event = (world: BackupRunbookWorld) => Promise<unknown> | unknown;

/** By a block's name. `again`: one that was run before; where nobody waits it is run again. */
type Step = string | { readonly again: string };

interface Chapter {
  /** At which machine the reader sits. */
  readonly at: "reader" | "readerElsewhere";
  readonly steps: readonly Step[];
  readonly before: Readonly<Record<string, Event>>;
}

/** The page sends its reader to and fro: so does this. */
const CHAPTERS: readonly Chapter[] = [
  {
    at: "reader",
    steps: [
      ...["make-identity", "make-recovery", "name-identity", "name-recovery"],
      ...["make-store-key", "ask-host-key", "look-host-key", "compare-host-key", "pin-host-key"],
      ...["backup", "drill", "drill-from-store", "drill-at", "backup-and-drill", "prune-plan", "prune-apply"],
      ...["list", "look-proven", "look-evidence"],
    ],
    before: { backup: ({ letIn }) => letIn() },
  },
  { at: "readerElsewhere", steps: ["drill-elsewhere"], before: { "drill-elsewhere": ({ loseLive }) => loseLive() } },
  {
    at: "reader",
    steps: [
      { again: "drill-from-store" },
      ...["make-database", "restore", "let-role-in", "look-new-schema", "use-new-server", "ask-new-hub", "first-sweep"],
      ...["backup", { again: "backup-and-drill" }, "drill-with-recovery"],
      ...["make-new-identity", "name-new-identity", "name-recovery-again", "use-new-recipients", "use-new-identity"],
      ...["backup", { again: "backup-and-drill" }, "prune-plan", "prune-apply", { again: "list" }, "look-proven"],
    ],
    before: {
      restore: ({ typeSecrets }) => typeSecrets(),
      "look-new-schema": ({ typeSecrets }) => typeSecrets(),
      "ask-new-hub": ({ reader }) => reader.runs(pageNamed("state_hub"), ["start"]),
    },
  },
];

/** Commands of the page that no test goes through. */
export function neverRun(): string[] {
  const run = new Set([...CHAPTERS.flatMap(({ steps }) => namesOf(steps, false)), ...OF_THE_UNITS]);
  return page.blocks.filter((block) => isCommand(block) && !run.has(block.name)).map(({ name }) => name);
}

interface Terms {
  readonly world: () => BackupRunbookWorld;
  /** Of each test: RUN_MS unless given. */
  readonly deadlineMs?: number;
  /** Also what was run before. */
  readonly again?: boolean;
  /** What else happens before a block. */
  readonly meanwhile?: Readonly<Record<string, () => Promise<unknown> | unknown>>;
}

/** Registers the tests of the whole story, but for the units. */
export function rehearseBackups({ world, deadlineMs = RUN_MS, again = false, meanwhile = {} }: Terms): void {
  for (const { at, steps, before } of CHAPTERS) {
    const events = Object.keys({ ...before, ...meanwhile }).map((name) => {
      const happens = async () => {
        await meanwhile[name]?.();
        await before[name]?.(world());
      };
      return [name, happens] as const;
    });
    const order = namesOf(steps, again);
    rehearse({ page: NAME, reader: () => world()[at], order, before: Object.fromEntries(events), deadlineMs });
  }
}

function namesOf(steps: readonly Step[], again: boolean): string[] {
  return steps.flatMap((step) => (typeof step === "string" ? [step] : again ? [step.again] : []));
}
