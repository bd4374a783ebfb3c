// Somebody else's change in the middle of a run: what was based on the old state is done again on the new one, and what
// loses every time is said as it is.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { withWriter } from "../../../lib/consistency/writer.ts";
import { errorCode } from "../../../lib/db/database_failure.ts";
import { freshHub, type TestHub } from "../../support/hub.ts";

let hub: TestHub;
beforeAll(async () => {
  hub = await freshHub();
});
afterAll(() => hub.close());
beforeEach(async () => {
  await hub.database.sql`delete from domains`;
  await hub.database.sql`insert into domains (slug) values ('one')`;
});

const slugs = async () =>
  (await hub.database.sql<{ slug: string }[]>`select slug from domains`).map(({ slug }) => slug);
/** Somebody else's change, committed. */
const rename = () => hub.database.sql`update domains set slug = slug || '+'`;
const codeOf = (work: Promise<unknown>) => work.then(() => "none", errorCode);

/** Renames the domain by hand in between, on the first `races` attempts. */
async function raced(dryRun: boolean, races: number) {
  const seen: string[] = [];
  const codes: string[] = [];
  const outcome = await withWriter(hub.database, { dryRun, first: async () => {} }, async (writer) => {
    const unit = writer.write(async (tx) => {
      const [row] = await tx<{ slug: string }[]>`select slug from domains`;
      seen.push(row?.slug ?? "");
      if (seen.length <= races) await rename();
      await tx`update domains set slug = slug || '!'`;
      return (await tx<{ slug: string }[]>`select slug from domains`)[0]?.slug;
    });
    codes.push(await codeOf(unit));
    return unit;
  }).catch(errorCode);
  return { outcome, seen, codes };
}

describe("withWriter()", () => {
  test("repeats a unit that lost a race, over what the other one left", async () => {
    expect(await raced(false, 2)).toEqual({ outcome: "one++!", seen: ["one", "one+", "one++"], codes: ["none"] });
    expect(await slugs()).toEqual(["one++!"]);
  });

  test("starts a dry run anew that lost a race, hides the race from who would go on, and writes nothing", async () => {
    expect(await raced(true, 2)).toEqual({
      outcome: "one++!",
      seen: ["one", "one+", "one++"],
      codes: ["", "", "none"],
    });
    expect(await slugs()).toEqual(["one++"]);
  });

  for (const dryRun of [false, true]) {
    test(`shows the race itself after the last attempt${dryRun ? " of a dry run" : ""}`, async () => {
      const { outcome, seen, codes } = await raced(dryRun, Number.POSITIVE_INFINITY);
      expect({ outcome, attempts: seen.length, code: codes.at(-1) }).toEqual({
        outcome: "40001",
        attempts: 6,
        code: "40001",
      });
    });

    test(`does not repeat another error${dryRun ? " of a dry run" : ""}`, async () => {
      let times = 0;
      const failing = withWriter(hub.database, { dryRun, first: async () => {} }, ({ write }) =>
        write((tx) => {
          times++;
          return tx`select 1 / 0`;
        }),
      );
      expect({ code: await codeOf(failing), times }).toEqual({ code: "22012", times: 1 });
    });
  }
});
