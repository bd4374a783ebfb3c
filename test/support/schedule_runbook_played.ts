// Moves that a test of seconds cannot wait for: what they leave behind is put there, with the files, the links and the journal that
// the real ones leave. The real ones, with every wait, are in test/long/schedule_runbook.test.ts.
import { join } from "node:path";
import { archivePath, journalPath } from "../../lib/cutover/schedule/move_files.ts";
import { copyToArchive, removeInstalled } from "../../lib/cutover/schedule/unit_archive.ts";
import { PARALLEL_SINCE } from "../../lib/cutover/schedule/world.ts";
import { addEntry } from "../../lib/plan/journal.ts";
import { type ScheduleRunbookWorld, SWEEP } from "./schedule_runbook.ts";

const UNITS = [`${SWEEP}.timer`, `${SWEEP}.service`];

export function playParallel({ api }: ScheduleRunbookWorld): void {
  const { metadata, ...cronJob } = structuredClone(api.cronJob(SWEEP));
  const annotations = { ...metadata.annotations, [PARALLEL_SINCE]: new Date().toISOString() };
  api.apply({ ...cronJob, metadata: { ...metadata, annotations }, spec: { ...cronJob.spec, suspend: false } });
}

export async function playSwitch(world: ScheduleRunbookWorld): Promise<void> {
  const installed = join(world.manager.home, ".config/systemd/user");
  const made_at = new Date().toISOString();
  const archive = archivePath(world.home, made_at);
  const copied = copyToArchive(archive, installed, { units: UNITS, enabled: [`${SWEEP}.timer`], made_at });
  await systemctl(world, "disable", "--now", `${SWEEP}.timer`);
  removeInstalled(installed, copied);
  await systemctl(world, "daemon-reload");
  // A timer whose file is gone has failed, for systemd.
  await world.manager.systemctl("reset-failed", ...UNITS);
  await world.applyManifests("apps-after-switch");
  journal(world, { act: "switch", owner: "cronjob", source: "k8s-cronjob", archive });
}

export async function playRollback(world: ScheduleRunbookWorld): Promise<void> {
  await world.applyManifests("apps");
  await systemctl(world, "link", ...UNITS.map((unit) => join(world.toolkit, "systemd/active", unit)));
  await systemctl(world, "enable", "--now", `${SWEEP}.timer`);
  journal(world, { act: "rollback", owner: "timer", source: "local-timer", archive: "" });
}

interface Played {
  readonly act: string;
  readonly owner: string;
  readonly source: string;
  readonly archive: string;
}

function journal({ home }: ScheduleRunbookWorld, { act, owner, source, archive }: Played): void {
  const writer = { path: journalPath(home), host: "test-host", operator: "test" };
  const plan = crypto.randomUUID();
  const slot = new Date().toISOString();
  addEntry(writer, { plan, entry: "opened", detail: { act, file: "played" } });
  if (archive !== "") addEntry(writer, { plan, entry: "done", step: "copy_units_to_archive", detail: { archive } });
  addEntry(writer, { plan, entry: "done", step: "prove_first_run", detail: { slot, source } });
  addEntry(writer, { plan, entry: "closed", detail: { act, outcome: "done", owner } });
}

async function systemctl({ manager }: ScheduleRunbookWorld, ...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await manager.systemctl(...argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
}
