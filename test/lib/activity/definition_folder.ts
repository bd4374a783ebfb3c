// A folder of definitions for a test: what a sound one says, and what somebody made of it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SOUND: Readonly<Record<string, string>> = {
  id: "garden.watering",
  uuid: "11111111-1111-4111-8111-111111111111",
  name: "Watering",
  trigger: '\n  cron: "*/15 * * * *"',
  timezone: "UTC",
  misfire_policy: "skip",
  max_seconds: "300",
  on_failure: "log_and_continue",
  enabled: "true",
  requires: "[state-hub.health]",
  rule: '"true"',
  instruction: "scripts/consistency_check.ts --remote --all",
};

/** A definition's text; a key that is changed to null is left out, one that is new stands below the others. */
export function definitionText(changes: Readonly<Record<string, string | null>> = {}): string {
  const keys = Object.entries({ ...SOUND, ...changes }).filter(([, value]) => value !== null);
  const lines = keys.map(([key, value]) => `${key}:${value?.startsWith("\n") ? "" : " "}${value}\n`);
  return `---\n${lines.join("")}---\n\n# Watering\n`;
}

/** A toolkit's folder with these definitions in it and nothing else; `remove` takes it away. */
export function toolkitWith(files: Readonly<Record<string, string | Uint8Array>>) {
  const root = mkdtempSync(join(tmpdir(), "activity-definitions-"));
  const folder = join(root, "k8s/activity-definitions");
  mkdirSync(folder, { recursive: true });
  const write = (file: string, text: string | Uint8Array) => writeFileSync(join(folder, file), text);
  for (const [file, text] of Object.entries(files)) write(file, text);
  return { root, folder, write, remove: () => rmSync(root, { recursive: true, force: true }) };
}
