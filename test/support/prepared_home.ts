// A cluster made once per test run and copied for whoever needs one that was there before: most faults befall a
// cluster that exists, and making one costs a second.
import { environmentForPrograms } from "../../lib/config.ts";
import { startEmbedded } from "../../lib/postgres/start_embedded.ts";
import { stopEmbedded } from "../../lib/postgres/stop_embedded.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { probe, removeHome, temporaryHome } from "./embedded_home.ts";

let prepared: Promise<string> | undefined;
const made: string[] = [];

/** A home of one's own with a cluster whose server is stopped. */
export async function preparedHome(): Promise<string> {
  prepared ??= prepareOne();
  const home = newHome();
  // -a: the cluster keeps its owner.
  const { exitCode, stderr } = Bun.spawnSync(["cp", "-a", "--reflink=auto", `${await prepared}/.`, home]);
  if (exitCode !== 0) throw new Error(`Could not copy the prepared cluster: ${stderr}`);
  return home;
}

async function prepareOne(): Promise<string> {
  // Only these: the homes of other servers of this run are still in use by whoever stops later. A test that was
  // interrupted may be at work in one: that one is left to the next run.
  whenTestsEnd(async () => void (await Promise.allSettled(made.map(removeHome))));
  const home = newHome();
  await startEmbedded({ home, env: environmentForPrograms(), connect: probe });
  await stopEmbedded({ home, env: environmentForPrograms() });
  return home;
}

function newHome(): string {
  const home = temporaryHome();
  made.push(home);
  return home;
}
