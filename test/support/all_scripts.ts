// Every script of the toolkit, as it defines itself: none is run.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Script } from "../../lib/cli/define_script.ts";

const PAGES = join(import.meta.dir, "../../runbooks");
const FOLDER = join(import.meta.dir, "../../scripts");

/** In the order of their names. */
export async function allScripts(): Promise<Script[]> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".ts"));
  return Promise.all(
    names.sort().map(async (name) => ((await import(join(FOLDER, name))) as { script: Script }).script),
  );
}

/** Names of the pages, without the index. */
export function allRunbooks(): string[] {
  const pages = readdirSync(PAGES).filter((name) => name.endsWith(".md") && name !== "README.md");
  return pages.map((name) => name.slice(0, -".md".length)).sort();
}
