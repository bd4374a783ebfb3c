// Looks for texts that nobody may read: in the words of every process of the machine while a run is at work, and in files when it is done.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface WatchedWords {
  /** @returns the names of the marks that stood in some process's words, and in how many looks */
  stop(): Promise<{ readonly seen: string[]; readonly looks: number }>;
}

/** @param marks by name: what is found is told by name, so that a failing test does not print a password */
export function watchWords(marks: Readonly<Record<string, string>>): WatchedWords {
  const seen = new Set<string>();
  let [looks, going] = [0, true];
  const done = (async () => {
    while (going) {
      for (const pid of readdirSync("/proc")) if (/^\d+$/.test(pid)) add(seen, marks, textOf(`/proc/${pid}/cmdline`));
      looks++;
      await Bun.sleep(1);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await done;
      return { seen: [...seen], looks };
    },
  };
}

/** @returns `MARK in PLACE` for each text that holds a mark */
export function marksIn(texts: Readonly<Record<string, string>>, marks: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([place, text]) => {
    const seen = new Set<string>();
    add(seen, marks, text);
    return [...seen].map((name) => `${name} in ${place}`);
  });
}

/** Every file below the folders as text, by its path. */
export function textsBelow(folders: readonly string[], but: readonly string[]): Record<string, string> {
  const paths = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))),
  );
  const files = paths.filter((path) => !but.includes(path) && statSync(path).isFile());
  return Object.fromEntries(files.map((path) => [path, readFileSync(path, "latin1")]));
}

/** Files with something in them that every account of the machine could open: the folders above it up to `top` let them through. */
export function readableByAll(top: string, but: readonly string[]): string[] {
  const below = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      const { mode, size } = statSync(path);
      if (but.includes(path)) return [];
      if (entry.isDirectory()) return (mode & 0o001) === 0 ? [] : below(path);
      return (mode & 0o004) === 0 || size === 0 ? [] : [path];
    });
  return below(top);
}

function add(seen: Set<string>, marks: Readonly<Record<string, string>>, text: string): void {
  for (const [name, mark] of Object.entries(marks)) if (text.includes(mark)) seen.add(name);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
