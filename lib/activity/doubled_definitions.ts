// Two files that claim the same id, uuid, name or unit. Neither is used: which of them is meant is not for a program to say,
// and the one that was read last would otherwise win.
import { type ActivityDefinition, unitNameOf } from "./definition.ts";
import { type Place, type Problem, problemAt, TOP } from "./definition_problem.ts";

export interface GoodReading {
  readonly file: string;
  readonly definition: ActivityDefinition;
  readonly places: ReadonlyMap<string, Place>;
}

interface Unique {
  readonly key: keyof ActivityDefinition;
  readonly what: string;
  readonly of: (definition: ActivityDefinition) => string;
}

const UNIQUE: readonly Unique[] = [
  { key: "id", what: "id", of: ({ id }) => id },
  { key: "uuid", what: "uuid", of: ({ uuid }) => uuid },
  { key: "name", what: "name", of: ({ name }) => name },
  { key: "id", what: "name of unit and CronJob", of: unitNameOf },
];

/** One problem for each key of each file that another one claims, too; it names the other files. */
export function doubledDefinitions(good: readonly GoodReading[]): Problem[] {
  const told = new Map<string, Problem>();
  for (const unique of UNIQUE) {
    for (const [value, sharing] of Map.groupBy(good, ({ definition }) => unique.of(definition))) {
      for (const reading of sharing.length > 1 ? sharing : []) {
        const known = `${reading.file} ${unique.key}`;
        if (!told.has(known)) told.set(known, doubled(reading, unique, value, sharing));
      }
    }
  }
  return [...told.values()].sort((left, right) => (left.file < right.file ? -1 : 1));
}

function doubled({ file, places }: GoodReading, { key, what }: Unique, value: string, sharing: readonly GoodReading[]) {
  const others = sharing.filter((each) => each.file !== file).map((each) => each.file);
  return problemAt(file, places.get(key) ?? TOP, {
    key,
    message: `Another definition has the same ${what}, in ${others.join(", ")}`,
    observed: value,
    expected: "one file for each",
    hint: `Delete one of the files, or give it ${key === "name" ? "a name" : "an id and a uuid"} of its own`,
  });
}
