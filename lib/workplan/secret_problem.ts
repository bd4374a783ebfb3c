// The problem for a secret found in a file. It names the kind and the place; the secret itself stays where it is.
import { problemAt } from "./problem.ts";
import type { FoundSecret } from "./secrets.ts";
import type { Place, Problem } from "./types.ts";

/** A secret at its place. `subject` is the workplan or task that it stands in. */
export function secretProblem(place: Place, secret: FoundSecret, subject: string | null): Problem {
  return problemAt(place, {
    kind: "unsafe_content",
    code: "secret",
    subject,
    message: "A secret stands in the file",
    observed: secret.label,
    expected: "the name of the place where it is kept",
    hint: "Revoke it, since history keeps it; then replace it here with the name of where it is kept",
  });
}
