import { readdirSync } from "node:fs";
import { test } from "bun:test";
import { makeBackupUnits, BACKUP, DRILL } from "../support/backup_units.ts";
test("x", async () => {
  const m = await makeBackupUnits();
  try {
  console.log(await m.paste("link-units"));
  let t = Date.now();
  console.log(await m.paste("backup-by-unit"), await m.ended(BACKUP), m.said(BACKUP), Date.now() - t);
  t = Date.now();
  console.log(await m.paste("drill-by-unit"), await m.ended(DRILL), m.said(DRILL), Date.now() - t);
  console.log(m.leftovers(), m.evidence().map((e) => e.verdict), readdirSync(`${m.home}/backups`));
  await m.useStore(m.sshd.urlOf(`${m.home}/vault`).replace("ssh:", "sftp:"));
  t = Date.now();
  console.log(await m.paste("backup-by-unit"), await m.ended(BACKUP), m.said(BACKUP), Date.now() - t);
  t = Date.now();
  console.log(await m.paste("drill-by-unit"), await m.ended(DRILL), m.said(DRILL), Date.now() - t);
  console.log(m.leftovers(), m.evidence().map((e) => e.verdict), readdirSync(`${m.home}/vault`));
  } finally {
  await m.remove(); }
}, 60000);
