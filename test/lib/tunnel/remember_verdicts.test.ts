// What is kept of the last verdicts: by two checks at once, and where the file cannot be understood.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rememberVerdicts, type VerdictChange } from "../../../lib/tunnel/remember_verdicts.ts";
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
});
