// Which hub a file in the home folder is meant for, as a folder's name: runs that wait for one database must never be
// written into another. Neither user nor password is part of it: a rotated password is no other hub.
import type { DatabaseTarget } from "../config.ts";

const HEX_DIGITS = 16;

/** @returns null when no database is named; the same key for every spelling of one host, port and database name */
export function hubKeyOf(target: DatabaseTarget): string | null {
  if (target.kind === "unset") return null;
  if (target.kind === "embedded") return "embedded";
  const url = new URL(target.url.reveal());
  // What the driver takes where the URL is silent; the database's name is then the user's.
  const [host, port] = [url.hostname.toLowerCase() || "localhost", url.port || "5432"];
  const database = url.pathname.slice(1) || url.username;
  return new Bun.CryptoHasher("sha256").update(`${host}:${port}/${database}`).digest("hex").slice(0, HEX_DIGITS);
}
