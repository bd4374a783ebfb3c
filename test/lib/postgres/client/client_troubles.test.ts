// The words for what the programs say where the trouble itself cannot be made here: another major version, a full server.
// The texts are pg_dump's, pg_restore's and the server's own (their sources, versions 15 to 18).
import { describe, expect, test } from "bun:test";
import { knownTrouble } from "../../../../lib/postgres/client/client_troubles.ts";

const context = { path: "/var/backups/data-001.dump", role: "reader", lockWaitMs: 30_000 };

const SAID: readonly (readonly [text: string, observed: string, hint?: string])[] = [
  [
    "pg_dump: error: aborting because of server version mismatch\npg_dump: detail: server version: 17.2 (Debian 17.2-1.pgdg120+1); pg_dump version: 15.18 (Debian 15.18-0+deb12u1)",
    "pg_dump 15.18 is older than the server, 17.2",
    "apt-get install postgresql-client-17",
  ],
  [
    "pg_restore: error: unsupported version (1.16) in file header",
    "this pg_restore is older than the pg_dump that wrote the archive (format 1.16)",
  ],
  [
    'pg_dump: error: could not obtain lock on relation "public.tasks"\nThis usually means that someone requested an ACCESS EXCLUSIVE lock',
    "a lock was held for 30 s",
  ],
  [
    "pg_dump: error: query failed: ERROR:  permission denied for large object 4711\npg_dump: detail: Query was: ...",
    "no right to read large object 4711",
    "GRANT SELECT ON LARGE OBJECT 4711 TO reader, or for all: GRANT pg_read_all_data TO reader",
  ],
  [
    "pg_dump: error: query failed: ERROR:  permission denied for schema odd\npg_dump: detail: Query was: LOCK TABLE odd.t IN ACCESS SHARE MODE",
    "no right to read schema odd",
    "GRANT USAGE ON SCHEMA odd TO reader",
  ],
  [
    'pg_dump: error: Dumping the contents of table "t" failed: PQgetResult() failed.\npg_dump: detail: Error message from server: ERROR:  query would be affected by row-level security policy for table "t"',
    "row security hides rows of table t from role reader",
    "ALTER ROLE reader BYPASSRLS",
  ],
  [
    'pg_restore: error: COPY failed for table "t": ERROR:  could not extend file "base/5/16390": No space left on device\nHINT:  Check free disk space.',
    'the server\'s disk is full (could not extend file "base/5/16390": No space left on device)',
    "df -h",
  ],
  [
    "pg_dump: error: could not write to output file: No space left on device",
    "no space left on device",
    "df -h /var/backups",
  ],
  [
    'pg_dump: error: connection to server at "127.0.0.1", port 5432 failed: FATAL:  sorry, too many clients already',
    "the server has no connection left",
    "take fewer of them with --jobs 1",
  ],
  [
    "pg_dump: error: query failed: ERROR:  out of shared memory\nHINT:  You might need to increase max_locks_per_transaction.",
    "the server has no room for so many locks at once",
  ],
  [
    'pg_dump: error: query failed: ERROR:  snapshot "00000003-0000001B-1" does not exist',
    "the snapshot ended while it was dumped: the session that held it is gone",
  ],
  [
    'pg_restore: error: could not execute query: ERROR:  extension "postgis" is not available\nDETAIL:  Could not open extension control file',
    "extension postgis is not installed beside the server restored into",
    "apt-cache search postgresql | grep -i postgis",
  ],
  [
    "age: error: no identity matched any of the recipients\nage: report unexpected",
    "age: no identity matched any of the recipients",
  ],
];

describe("knownTrouble()", () => {
  for (const [text, observed, hint] of SAID) {
    test(`says: ${observed}`, () => {
      const words = knownTrouble(text, context);
      expect(words?.observed).toBe(observed);
      if (hint !== undefined) expect(words?.hint).toBe(hint);
    });
  }

  test("does not blame age for writing to a program that is gone, and knows nothing of an unknown error", () => {
    expect(knownTrouble("age: error: failed to write: broken pipe", context)).toBeNull();
    expect(
      knownTrouble('pg_restore: error: could not execute query: ERROR:  relation "t" already exists', context),
    ).toBeNull();
  });
});
