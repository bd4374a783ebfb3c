// What is kept of the last verdicts: by two checks at once, and where the file cannot be understood.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { eachOnce, rememberVerdicts, type VerdictChange } from "../../../lib/tunnel/remember_verdicts.ts";
import { canMount, fill, freeDisk, onSmallDisk } from "../../support/failing_remotes.ts";
import { temporaryFolder } from "../../support/git_repo.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const down = (name: string) => ({ name, verdict: "down", broken: "tcp", cause: null }) as const;

function memoryIn(name: string, tell: (change: VerdictChange) => Promise<boolean>) {
  const home = join(folder.path, name);
  const notes: string[] = [];
  const file = join(home, "tunnels/verdicts.json");
  const memory = { home, host: "here", tell, note: (line: string) => void notes.push(line) };
  return { memory, notes, file, kept: () => JSON.parse(readFileSync(file, "utf8")) };
}

describe("rememberVerdicts()", () => {
  test("rememberVerdicts() keeps what another check has kept while it told the hub", async () => {
    const other = memoryIn("both", async () => false);
    const { memory, kept } = memoryIn("both", async () => {
      await rememberVerdicts([down("theirs")], other.memory, 1_000);
      return false;
    });
    await rememberVerdicts([down("ours")], memory, 1_000);
    expect(Object.keys(kept().verdicts).sort()).toEqual(["ours", "theirs"]);
    expect(
      kept()
        .untold.map(({ tunnel }: VerdictChange) => tunnel)
        .sort(),
    ).toEqual(["ours", "theirs"]);
  });

  test("rememberVerdicts() begins anew where the file cannot be understood", async () => {
    const told: string[] = [];
    const { memory, notes, file, kept } = memoryIn("broken", async ({ tunnel, from }) => {
      told.push(`${tunnel} from ${from}`);
      return true;
    });
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '{"verdicts": {"hub": ');
    await rememberVerdicts([down("hub")], memory, 1_000);
    await rememberVerdicts([down("hub")], memory, 1_000);
    expect({ told, notes }).toEqual({ told: ["hub from null"], notes: [] });
    expect(kept()).toMatchObject({ verdicts: { hub: { verdict: "down" } }, untold: [] });
  });

  test("rememberVerdicts() writes a change down before it tells the hub, and tells it again under the same key", async () => {
    const told: VerdictChange[] = [];
    const { memory, kept } = memoryIn("first", async (change) => {
      expect(kept()).toMatchObject({ verdicts: { hub: { verdict: "down" } }, untold: [change] });
      told.push(change);
      return told.length > 1;
    });
    await rememberVerdicts([down("hub")], memory, 1_000);
    await rememberVerdicts([down("hub")], memory, 1_000);
    await rememberVerdicts([down("hub")], memory, 1_000);
    expect(told).toHaveLength(2);
    expect(told[1]).toEqual(told[0] as VerdictChange);
    expect(kept().untold).toEqual([]);
  });

  test("rememberVerdicts() knows tunnels of one name in two lists apart", async () => {
    const told: string[] = [];
    const { memory, kept } = memoryIn("lists", async ({ list, tunnel, from, to }) => {
      told.push(`${list} ${tunnel}: ${from} to ${to}`);
      return true;
    });
    const other = { ...memory, list: "/tmp/other.yaml" };
    const healthy = { name: "hub", verdict: "healthy", broken: null, cause: null } as const;
    for (const _ of [1, 2]) {
      await rememberVerdicts([healthy], memory, 1_000);
      await rememberVerdicts([down("hub")], other, 1_000);
    }
    expect(told).toEqual(["null hub: null to healthy", "/tmp/other.yaml hub: null to down"]);
    expect(kept().verdicts).toMatchObject({ hub: { verdict: "healthy" }, "/tmp/other.yaml hub": { verdict: "down" } });
  });

  test.if(canMount)(
    "rememberVerdicts() on a full disk tells nothing, says so once, and tells when there is room",
    async () => {
      const told: string[] = [];
      const { memory, notes, file } = memoryIn("full", async ({ tunnel }) => {
        told.push(tunnel);
        return true;
      });
      onSmallDisk(memory.home, "64k");
      try {
        mkdirSync(dirname(file));
        fill(join(memory.home, "filler"));
        const watch = { ...memory, note: eachOnce(memory.note) };
        for (const _ of [1, 2, 3]) await rememberVerdicts([down("hub")], watch, 1_000);
        expect(notes).toEqual([expect.stringContaining("ENOSPC")]);
        expect({ told, isKept: existsSync(file) }).toEqual({ told: [], isKept: false });
        rmSync(join(memory.home, "filler"));
        for (const _ of [1, 2]) await rememberVerdicts([down("hub")], watch, 1_000);
        expect(told).toEqual(["hub"]);
      } finally {
        freeDisk(memory.home);
      }
    },
  );
});
