// What is wrong with a definition although each of its values has the right form: a schedule that is not one everywhere, runs
// that would overlap the next slot, an instruction that its script would refuse. One row for each.
import { OpsFailure } from "../../failure.ts";
import { onCalendar } from "../../schedule/on_calendar.ts";
import { shortestPeriod } from "../../schedule/shortest_period.ts";
import { STARTING_DEADLINE_S } from "../deadlines.ts";
import { type Problem, type ProblemPieces, problemAt, type Sheet } from "../definition_problem.ts";

/**
 * Whether a command line is one that its script accepts.
 * @throws OpsFailure that says why not
 */
export type ParseInstruction = (line: string) => void;

type Written = Readonly<Record<string, unknown>>;
interface Meaning {
  readonly key: string;
  readonly inner?: string;
  readonly look: (written: Written, parse: ParseInstruction) => ProblemPieces | null;
}

const MEANINGS: readonly Meaning[] = [
  { key: "trigger", inner: "cron", look: scheduleIsOne },
  { key: "max_seconds", look: ({ max_seconds: budget, trigger }) => endsBeforeNextSlot(budget, cronIn(trigger)) },
  { key: "instruction", look: ({ instruction }, parse) => isAccepted(instruction, parse) },
];

export function meaningProblems(sheet: Sheet, written: Written, parse: ParseInstruction): Problem[] {
  return MEANINGS.flatMap(({ key, inner, look }) => {
    const pieces = look(written, parse);
    return pieces === null ? [] : [problemAt(sheet.file, sheet.placeOf(key, inner), { key, ...pieces })];
  });
}

function cronIn(trigger: unknown): string | null {
  const cron = (trigger as { readonly cron?: unknown } | null | undefined)?.cron;
  return typeof cron === "string" ? cron : null;
}

function scheduleIsOne({ trigger }: Written): ProblemPieces | null {
  const cron = cronIn(trigger);
  if (cron === null) return null;
  return unlessItThrows("The schedule can't be used", () => {
    onCalendar(cron);
    const period = shortestPeriod(cron);
    if (period !== null && period > STARTING_DEADLINE_S) return null;
    return {
      message: "The schedule can't be used",
      observed: period === null ? `${cron}: it never fires` : `${cron}: two slots are only ${period} s apart`,
      expected: `slots more than ${STARTING_DEADLINE_S} s apart: for so long a cluster may start a run late`,
      hint: 'Write for example "*/15 * * * *"',
    };
  });
}

function endsBeforeNextSlot(budget: unknown, cron: string | null): ProblemPieces | null {
  if (cron === null || typeof budget !== "number") return null;
  const period = periodOf(cron);
  if (period === null || period > budget) return null;
  return {
    message: "The budget reaches into the next slot",
    observed: `${budget} s, and two slots are ${period} s apart`,
    expected: `less than ${period}`,
    hint: "Lower max_seconds, or fire less often",
  };
}

/** null also where the schedule is none: that is told at its own line. */
function periodOf(cron: string): number | null {
  try {
    return shortestPeriod(cron);
  } catch (error) {
    if (error instanceof OpsFailure) return null;
    throw error;
  }
}

/** Flags that the rendered files add: said twice, the script would refuse them. */
const ADDED_FLAGS = ["--max-seconds", "--requires", "--requires-within", "--via", "--source", "--run-id"];

function isAccepted(instruction: unknown, parse: ParseInstruction): ProblemPieces | null {
  if (typeof instruction !== "string") return null;
  const added = instruction.split(" ").find((word) => ADDED_FLAGS.includes(word.replace(/=.*$/, "")));
  if (added !== undefined) {
    return {
      message: "The instruction has a flag that unit and CronJob add",
      observed: added,
      expected: `none of ${ADDED_FLAGS.join(", ")}`,
      hint: "Delete it: the budget is max_seconds, what must hold is requires",
    };
  }
  return unlessItThrows("The instruction is no command of this toolkit", () => {
    parse(instruction);
    return null;
  });
}

function unlessItThrows(message: string, look: () => ProblemPieces | null): ProblemPieces | null {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof OpsFailure)) throw error;
    const { observed = error.message, expected = null, hint = "Correct the line" } = error;
    return { message, observed, expected, hint };
  }
}
