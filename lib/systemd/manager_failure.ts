// What systemctl says when it fails, with what to type next. "No medium found" is its word for an account without a session,
// and nobody guesses from it that lingering is what was left out.
import { OpsFailure } from "../failure.ts";
import { scrubText } from "../secret.ts";

interface Saying {
  readonly said: RegExp;
  readonly expected: string;
  readonly hint: string;
}

const SAYINGS: readonly Saying[] = [
  {
    said: /No medium found|XDG_RUNTIME_DIR not defined/,
    expected: "XDG_RUNTIME_DIR to lead to the account's systemd; a login by su or sudo has none",
    hint: 'export XDG_RUNTIME_DIR="/run/user/$(id -u)"',
  },
  {
    said: /Failed to connect to bus|Transport endpoint is not connected/,
    expected: "the account's systemd to run; without lingering it ends with the last login",
    hint: "loginctl enable-linger",
  },
  { said: /is masked/, expected: "a unit that is not masked", hint: "systemctl --user list-unit-files --state=masked" },
  {
    said: /does not exist|not found|not loaded/,
    expected: "a unit that the account's systemd knows",
    hint: "systemctl --user list-unit-files 'state-hub*' 'custodian-*'",
  },
  {
    said: /already exists/,
    expected: "no other file of that name in ~/.config/systemd/user",
    hint: "systemctl --user list-unit-files 'state-hub*' 'custodian-*'",
  },
];

/** @param said what systemctl printed; its last line is quoted */
export function managerFailure(couldNot: string, said: string): OpsFailure {
  const observed = scrubText(said.trim().split("\n").at(-1) ?? "") || "systemctl failed and said nothing";
  const known = SAYINGS.find((saying) => saying.said.test(said));
  return new OpsFailure(couldNot, {
    observed,
    ...(known === undefined ? {} : { expected: known.expected }),
    hint: known?.hint ?? "journalctl --user --since '-10min' --no-pager",
  });
}
