#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/../../scripts/bun" "$0" "$@"'
// The yardstick for `--help`: the least that a script with yargs can be, started as our scripts are.
import yargs from "yargs";

await yargs(process.argv.slice(2))
  .scriptName("bare")
  .usage("$0 [options]")
  .option("repo", { type: "string", describe: "One repository" })
  .option("all", { type: "boolean", describe: "Every repository" })
  .option("json", { type: "boolean", describe: "One JSON document" })
  .strict()
  .parse();
