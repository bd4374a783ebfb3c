import { expect, test } from "bun:test";
import { clientFailure } from "../../../../lib/postgres/client/client_failure.ts";
import { Secret } from "../../../../lib/secret.ts";

const RESTORE = [
  ["age", "--decrypt", "-i", "/keys/key.txt"],
  ["nice", "-n", "19", "/usr/lib/postgresql/15/bin/pg_restore"],
];

function failed(exitCodes: readonly number[], text: string, otherwise?: string) {
  return clientFailure({
    ...{ couldNot: "Could not restore the database", stages: RESTORE, result: { exitCodes, stderr: "" }, text },
    ...{ url: new Secret("postgres://keeper:hunter2@127.0.0.1:5432/garden"), path: "/store/data-001.dump.age" },
    ...(otherwise === undefined ? {} : { otherwise }),
  });
}

test("clientFailure() names the program that was killed, and not the archive that it cut short", async () => {
  const text = "pg_restore: error: input file is too short (read 0, expected 5)";
  expect(await failed([137, 1], text)).toMatchObject({
    observed: "age was ended by SIGKILL, pg_restore ended with exit code 1",
    hint: expect.stringContaining("dmesg"),
  });
  expect(await failed([0, 1], text)).toMatchObject({
    observed: "the archive cannot be read: input file is too short (read 0, expected 5)",
  });
});

test("clientFailure() says what to do about an error that nobody has thought of, when its caller knows", async () => {
  const text = 'pg_restore: error: COPY failed for table "sowings": ERROR:  relation "herbs" does not exist';
  expect(await failed([0, 1], text, "Mend it")).toMatchObject({ hint: "Mend it" });
  expect((await failed([0, 1], text)).hint).toBeUndefined();
});
