// A run of its own for tests about several runs, about killed ones and about other accounts: starts (or stops) the
// embedded server of a home and prints one line of JSON. argv: JSON of { home, uid?, stop? }.
import { environmentForPrograms } from "../../../lib/config.ts";
import { describeFailure } from "../../../lib/failure.ts";
import { startEmbedded } from "../../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../../lib/postgres/stop_embedded.ts";
import { probe } from "../../support/embedded_home.ts";

const { home, uid, stop } = JSON.parse(process.argv[2] ?? "{}") as { home: string; uid?: number; stop?: boolean };
if (uid !== undefined) {
  // After the imports: this account may not be able to read them.
  process.setgroups?.([]);
  process.setgid?.(uid);
  process.setuid?.(uid);
}
const options = { home, env: environmentForPrograms(), connect: probe };
try {
  const result = stop ? await stopEmbedded(options) : await startEmbedded(options);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stdout.write(
    `${JSON.stringify({ failed: describeFailure(error), hint: (error as { hint?: string }).hint })}\n`,
  );
}
