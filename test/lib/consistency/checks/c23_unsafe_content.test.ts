// C-23: a secret, a symbolic link, a file that is too large. None is followed or copied into the hub.
import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { MAX_FILE_BYTES } from "../../../../lib/workplan/limits.ts";
import { workplanText } from "../../../support/git_repo.ts";
import { placeOf, play } from "./scene.ts";

// Put together here, so that no scanner of this repository takes it for a real one.
const KEY = ["AKIA", "ABCDEFGHIJKLMNOP"].join("");

function told(id: string, place: { line: number; column: number }, subject: string | null) {
  return { check: "C-23", severity: "error", path: `workplans/${id}.md`, ...place, subject } as const;
}

describe("unsafeContent", () => {
  test("tells of a secret without showing it, and not of the twin one letter short", async () => {
    const text = `${workplanText({ id: "CV-WP-0001" })}\nUse ${KEY} for it.\n`;
    const {
      told: seen,
      findings,
      exitCode,
    } = await play({
      files: {
        "workplans/CV-WP-0001.md": text,
        "workplans/CV-WP-0002.md": `${workplanText({ id: "CV-WP-0002" })}\nUse ${KEY.slice(0, -1)} for it.\n`,
      },
    });
    expect(seen).toEqual([told("CV-WP-0001", placeOf(text, KEY), null)]);
    expect(JSON.stringify(findings)).not.toContain(KEY);
    expect(exitCode).toBe(1);
  });

  test("tells of a symbolic link, and not of the file that it points to", async () => {
    const { told: seen } = await play({
      files: { "workplans/CV-WP-0003.md": workplanText({ id: "CV-WP-0003" }) },
      change: async ({ repo }) => {
        symlinkSync("CV-WP-0003.md", join(repo.path, "workplans/CV-WP-0004.md"));
        await repo.commit();
      },
    });
    expect(seen).toEqual([told("CV-WP-0004", { line: 1, column: 1 }, null)]);
  });

  test("tells of a file one byte over the limit, and not of the twin that just fits", async () => {
    const padded = (id: string, bytes: number) => {
      const text = workplanText({ id });
      return `${text}${"word word word word word word word\n".repeat(MAX_FILE_BYTES / 34)}`.slice(0, bytes);
    };
    const { told: seen } = await play({
      files: {
        "workplans/CV-WP-0005.md": padded("CV-WP-0005", MAX_FILE_BYTES + 1),
        "workplans/CV-WP-0006.md": padded("CV-WP-0006", MAX_FILE_BYTES),
      },
    });
    expect(seen).toEqual([told("CV-WP-0005", { line: 1, column: 1 }, null)]);
  });
});
