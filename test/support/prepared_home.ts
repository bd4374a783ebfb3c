// A cluster made once per test run and copied for whoever needs one that was there before: most faults befall a
// cluster that exists, and making one costs a second.
import { environmentForPrograms } from "../../lib/config.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { probe, removeHomesOfThisRun, temporaryHome } from "./embedded_home.ts";

let prepared: Promise<string> | undefined;

/** A home of one's own with a cluster whose server is stopped. */
export async function preparedHome(): Promise<string> {
  prepared ??= prepareOne();
  const home = temporaryHome();
  // -a: the cluster keeps its owner.
  const { exitCode, stderr } = Bun.spawnSync(["cp", "-a", "--reflink=auto", `${await prepared}/.`, home]);
  if (exitCode !== 0) throw new Error(`Could not copy the prepared cluster: ${stderr}`);
  return home;
}

async function prepareOne(): Promise<string> {
  const home = temporaryHome();
  whenTestsEnd(removeHomesOfThisRun);
  await startEmbedded({ home, env: environmentForPrograms(), connect: probe });
  await stopEmbedded({ home, env: environmentForPrograms() });
  return home;
}
