// A run of the drill inside of the test's own process, for tests that change a copy between its restore and the comparison.
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { Closers } from "../../lib/drill/closers.ts";
import { newDraft } from "../../lib/drill/evidence/draft.ts";
import type { Run } from "../../lib/drill/run.ts";
import { Stages } from "../../lib/drill/stages.ts";
import { identityOf } from "../../lib/hub/identity.ts";
import { serveReadOnly } from "../../lib/hub/serve_read_only.ts";
import { summaryAt } from "../../lib/hub/summary_at.ts";
import { Secret } from "../../lib/secret.ts";
import { temporaryFolder } from "./git_repo.ts";

export interface DrillRun extends Run {
  /** Takes away all that the run opened, and its folder. */
  end(): Promise<void>;
}

/** @param into the database to restore into; null: a disposable server, which takes seconds to start */
export function drillRun(into: string | null, signal = new AbortController().signal): DrillRun {
  const { path, remove } = temporaryFolder();
  chmodSync(path, 0o755);
  const folder = join(path, "drill");
  mkdirSync(folder, { mode: 0o711 });
  const closers = new Closers();
  const onProgress = () => {};
  return {
    terms: {
      ...{ env: environmentForPrograms(), home: path, workspace: folder, jobs: 2, lockWaitMs: 5_000 },
      ...{ hub: { identityOf, summaryAt, serveReadOnly }, toolkit: "0.0.0", signal, onProgress, note: () => {} },
    },
    stages: new Stages(onProgress),
    draft: newDraft({ kind: into === null ? "disposable" : "given", url: null }),
    closers,
    folder,
    into: into === null ? null : new Secret(into),
    end: async () => {
      await closers.closeAll();
      remove();
    },
  };
}
