// A handle of the driver's on which every statement passes a guard first: whatever way it is written, it may be refused, and
// whoever waits for it waits for the guard's promise.
import type postgres from "postgres";

/** What both the client and a transaction's handle are to the guard. */
export type Handle = postgres.ISql<Record<string, never>>;

interface Guard {
  /** Throws when no statement may follow. */
  readonly refuse: () => void;
  /** What the caller gets of a statement that was made; fragments and identifiers come through it as well. */
  readonly statement: (made: unknown) => unknown;
  /** In the place of a transaction's own. */
  readonly savepoint: (...given: unknown[]) => unknown;
}

export function guardedHandle(raw: Handle, { refuse, statement, savepoint }: Guard): Handle {
  return new Proxy(raw, {
    apply: (target, self, args) => {
      refuse();
      return statement(Reflect.apply(target as unknown as (...given: unknown[]) => unknown, self, args));
    },
    get: (target, name) => {
      refuse();
      if (name === "savepoint" && "savepoint" in target) return savepoint;
      const value: unknown = Reflect.get(target, name);
      return name === "unsafe" || name === "file"
        ? (...given: unknown[]) => statement((value as (...given: unknown[]) => unknown)(...given))
        : value;
    },
  });
}
