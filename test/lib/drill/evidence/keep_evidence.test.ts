import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../../../lib/canonical.ts";
import { newDraft } from "../../../../lib/drill/evidence/draft.ts";
import { eventOfDrill } from "../../../../lib/drill/evidence/event_of_drill.ts";
import { keepEvidence } from "../../../../lib/drill/evidence/keep_evidence.ts";
import { reportOf } from "../../../../lib/drill/evidence/report_of.ts";
import { temporaryFolder } from "../../../support/git_repo.ts";

const home = temporaryFolder();
afterAll(() => home.remove());

const report = reportOf(newDraft({ kind: "disposable", url: null }), {
  drillId: "drill-1",
  toolkit: "0.0.0",
  stages: [],
});

test("keepEvidence() seals the whole report by the digest that it returns, for its owner alone", () => {
  const { file, digest } = keepEvidence(home.path, report, new Date("2026-11-21T10:00:00Z"));
  expect(file).toBe(join(home.path, "evidence/backup_restore_drill/20261121T100000.000Z-drill-1.json"));
  expect([statSync(file).mode & 0o777, statSync(join(file, "..")).mode & 0o777]).toEqual([0o600, 0o700]);
  const { digest: written, ...rest } = JSON.parse(readFileSync(file, "utf8"));
  expect([written, digestOf(rest)]).toEqual([digest, digest]);
  expect(rest).toMatchObject({ ...report, schema_version: 1 });
});

test("keepEvidence() throws when the disk refuses, and leaves no half file", () => {
  const blocked = join(home.path, "blocked");
  mkdirSync(blocked);
  writeFileSync(join(blocked, "evidence"), "");
  chmodSync(blocked, 0o700);
  expect(() => keepEvidence(blocked, report, new Date())).toThrow("Could not keep the evidence");
  expect(existsSync(join(blocked, "evidence/backup_restore_drill"))).toBe(false);
});

test("eventOfDrill() carries at most twenty names of tables", () => {
  const tables = Array.from({ length: 50 }, (_, n) => ({
    ...{ name: `public.t${n}`, rows: 1, equal: false, buckets_differing: [1] },
  }));
  const terms = { evidenceDigest: "d", stored: false, host: "h" };
  const { detail } = eventOfDrill({ ...report, tables, verdict: "failed" }, terms);
  expect(detail).toMatchObject({ verdict: "failed", tables: 50, restored_from: "live", evidence_digest: "d" });
  expect(detail.tables_differing).toHaveLength(20);
});
