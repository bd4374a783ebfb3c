// `--help` of every script against a script that is nothing but yargs: whoever asks for help must not pay for a driver.
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { inTurn } from "./measure.ts";
import { type Row, ratioRow } from "./result_table.ts";
import { runProgram } from "./run_script.ts";

const SCRIPTS = join(import.meta.dir, "../../scripts");
const BARE = join(import.meta.dir, "bare_yargs.ts");

export async function helpRow({ rounds }: Pick<Bench, "rounds">): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of [...new Bun.Glob("*.ts").scanSync(SCRIPTS)].sort()) {
    const pairs = await inTurn(rounds, {
      measured: async () => (await runProgram([join(SCRIPTS, name), "--help"])).ms,
      reference: async () => (await runProgram([BARE, "--help"])).ms,
    });
    rows.push(ratioRow({ what: `\`${name} --help\``, reference: "a bare yargs script", atMost: 1.5 }, pairs));
  }
  return rows;
}
