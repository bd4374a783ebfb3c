// Which problem a failure is: the hub is away, somebody else was first, a value that the database refuses, or a bug of
// ours. A client learns what it can act on; the log gets the rest.
import { errorCode } from "../../db/database_failure.ts";
import { OpsFailure } from "../../failure.ts";
import { Problem } from "./problem.ts";

const RETRY_AFTER_S = "5";

interface Known {
  readonly code: RegExp;
  readonly problem: () => Problem;
}

const away = () =>
  new Problem(503, "Database unavailable", {
    detail: "The State Hub's database does not answer now; nothing was written",
    headers: { "retry-after": RETRY_AFTER_S },
  });

// SQLSTATE classes and codes: PostgreSQL, appendix A; the others are Node's and the driver's own.
const KNOWN: readonly Known[] = [
  { code: /^(40001|40P01|55P03)$/, problem: () => busy() },
  { code: /^(23503)$/, problem: () => refused("it names something that the hub does not know") },
  {
    code: /^(23505)$/,
    problem: () => new Problem(409, "Conflict", { detail: "Something of that name is there already" }),
  },
  { code: /^(22|23|54)/, problem: () => refused("the database refused a value") },
  { code: /^25006/, problem: () => databaseReadOnly() },
  { code: /^(08|28|53|57)/, problem: away },
  { code: /^(CONNECT|CONNECTION_|E[A-Z])/, problem: away },
];

const busy = () =>
  new Problem(503, "Busy", {
    detail: "Somebody else is changing the same rows; nothing was written",
    headers: { "retry-after": "1" },
  });

/** The server refused a write: a standby, or connections that were opened to read alone. */
export const databaseReadOnly = () =>
  new Problem(503, "Database read-only", {
    detail: "The State Hub's database takes no changes; nothing was written",
    headers: { "retry-after": RETRY_AFTER_S },
  });

const refused = (why: string) => new Problem(422, "Invalid value", { detail: `Nothing was written: ${why}` });

/** @returns the problem, and whether it is a bug of ours that the log must explain */
export function problemOf(error: unknown): { readonly problem: Problem; readonly isBug: boolean } {
  if (error instanceof Problem) return { problem: error, isBug: false };
  if (error instanceof OpsFailure && error.kind === "usage") {
    const { message, observed, expected } = error;
    const against = [observed, expected && `wanted ${expected}`].filter(Boolean).join(", ");
    return {
      problem: new Problem(422, "Not possible", { detail: against ? `${message}: ${against}` : message }),
      isBug: false,
    };
  }
  const code = codeOf(error);
  const known = KNOWN.find((each) => each.code.test(code));
  if (known !== undefined) return { problem: known.problem(), isBug: false };
  // What the database door throws when a connection closed or fell silent.
  if (error instanceof OpsFailure) return { problem: away(), isBug: false };
  return {
    problem: new Problem(500, "Internal error", { detail: "A bug; the hub's log has the details" }),
    isBug: true,
  };
}

/** Of the error, or of what caused it. */
function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const code = errorCode(at);
    if (code !== "") return code;
  }
  return "";
}
