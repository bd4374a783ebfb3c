// The catalog queries are files that an operator can run in psql as they are; only lines for another version are left out.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The statement of `sql/NAME.sql`, without the lines marked `-- from N` when the server is older than N. */
export function sqlOf(name: string, major: number): string {
  return readFileSync(join(import.meta.dir, "sql", `${name}.sql`), "utf8")
    .split("\n")
    .filter((line) => major >= Number(/-- from (\d+)$/.exec(line)?.[1] ?? 0))
    .join("\n");
}
