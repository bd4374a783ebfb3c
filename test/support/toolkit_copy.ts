// This toolkit's programs over other pages: its scripts and its code by links, its runbooks by a test.
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/** @returns the toolkit's folder, below `parent`; its `files` are written, whatever else has that name left out */
export function toolkitWith(parent: string, files: Readonly<Record<string, string>>): string {
  const root = join(parent, "toolkit");
  mkdirSync(join(root, "scripts"), { recursive: true });
  // Copies: a script finds its folder by where it really lies.
  for (const name of readdirSync(join(ROOT, "scripts")))
    cpSync(join(ROOT, "scripts", name), join(root, "scripts", name));
  for (const name of ["lib", "node_modules", "package.json"]) symlinkSync(join(ROOT, name), join(root, name));
  writeFileSync(join(root, "bunfig.toml"), "");
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}
