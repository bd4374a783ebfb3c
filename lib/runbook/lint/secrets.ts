// A page is copied, printed and pasted into chats. A credential in one is everybody's; it is named by its kind and length and
// never shown.
import { findSecrets } from "../../workplan/secrets.ts";
import { EVERY_PAGE, type Offence, type Rule } from "./rule.ts";

/** What is no credential by its form, and is one by the name that stands before it. */
const NAMED =
  /\b(?:Bearer |\w*(?:PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY)["']?\s*[=:]\s*["']?)([A-Za-z0-9+/_.~-]{11,}[A-Za-z0-9+/_-])/gi;
const HINT = "revoke it, since history keeps it; then name the file or variable that holds the new one";

export const secrets: Rule = {
  id: "secret",
  claim: "no page holds a credential",
  on: EVERY_PAGE,
  look: ({ text }) => {
    const lineAt = (at: number) => text.slice(0, at).split("\n").length;
    const known = findSecrets(text).map(
      ({ start, label }): Offence => ({ line: lineAt(start), what: label, hint: HINT }),
    );
    const named = [...text.matchAll(NAMED)]
      .filter(([, value = ""]) => looksMade(value))
      .map(({ 0: all, 1: value = "", index }) => ({
        line: lineAt(index + all.length - value.length),
        what: `what looks like a credential, ${value.length} characters`,
        hint: HINT,
      }));
    return [...known, ...named.filter(({ line }) => !known.some((each) => each.line === line))];
  },
};

/** Letters and digits mixed, and no path: words and file names are what documents put in a credential's place. */
function looksMade(value: string): boolean {
  return (
    /\d/.test(value) && /[A-Za-z]/.test(value) && !/^[~.]?\//.test(value) && !/^[a-z]+([-_./][a-z0-9]+)+$/.test(value)
  );
}
