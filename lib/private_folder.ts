// Folders that nobody else may look into, in a home that others have to get through: the embedded server runs as another account
// where root calls it, and a home of mode 700 would lock it out.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** Mode 700 where it is made; what is missing above it gets the usual mode. @throws the file system's error */
export function makePrivateFolder(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
}
