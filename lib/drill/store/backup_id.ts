// The name of a stored backup: when it was taken, of which database, and four letters that keep two of one second apart. It is
// the name of its folder, so that a listing by name is one by time. (pure)
import { randomBytes } from "node:crypto";
import { OpsFailure } from "../../failure.ts";

const ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[a-z0-9_-]{1,40}-[0-9a-f]{8}$/;

/**
 * @param clock the source database's clock, ISO 8601
 * @returns "20261121T143000Z-state_hub-1f2e3d4c"
 */
export function newBackupId(clock: string, database: string): string {
  const at = new Date(clock);
  if (Number.isNaN(at.getTime())) {
    throw new OpsFailure("Could not name the backup", { observed: clock, expected: "a time, ISO 8601" });
  }
  const time = `${at.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  return `${time}-${nameInId(database)}-${randomBytes(4).toString("hex")}`;
}

/** A database's name as far as an id can hold it. */
export function nameInId(database: string): string {
  const plain = database.toLowerCase().replace(/[^a-z0-9_-]+/g, "_");
  return plain.slice(0, 40) || "database";
}

/** What nameInId() gave when the id was made. */
export function databaseInId(id: string): string {
  return id.replace(/^[^-]*-/, "").replace(/-[^-]*$/, "");
}

/** Whether a folder has the name of a backup: others may lie beside it. */
export function isBackupId(name: string): boolean {
  return ID.test(name) && !Number.isNaN(takenAt(name).getTime());
}

/** By the source database's clock, to the second. Invalid for what is no backup's id. */
export function takenAt(id: string): Date {
  const [, year, month, day, hour, minute, second] = ID.exec(id) ?? [];
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
