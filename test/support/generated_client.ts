// A client made from the hub's own description by a generator that knows nothing of the hub, and a program that uses it:
// checked by the compiler, then run as a process. What the description does not say, such a program cannot do.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateApi } from "swagger-typescript-api";
import { environmentForPrograms } from "../../lib/config.ts";
import { run } from "../../lib/process/run.ts";

const ROOT = join(import.meta.dir, "../..");
const TSC = join(ROOT, "node_modules/.bin/tsc");
const FLAGS =
  "--ignoreConfig --noEmit --strict --skipLibCheck --target esnext --module preserve --lib esnext,dom,dom.iterable";

/** @param folder an empty one. @returns the path of `client.ts` in it, which exports `Api` */
export async function generateClient(folder: string, description: unknown): Promise<string> {
  const { files } = await generateApi({
    spec: description as never,
    output: false,
    fileName: "client.ts",
    httpClientType: "fetch",
    silent: true,
  });
  const [client] = files;
  const path = join(folder, "client.ts");
  writeFileSync(path, client?.fileContent ?? "");
  return path;
}

/** @returns the compiler's complaints about these files, "" where there is none */
export async function compilerSays(...files: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run([TSC, ...FLAGS.split(" "), ...files], {
    env: environmentForPrograms(),
    deadlineMs: 60_000,
  });
  return exitCode === 0 ? "" : `${stdout}${stderr}`;
}

/** Runs a program of the folder on the hub. @returns the JSON document that it prints */
export async function runProgram(path: string, url: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await run([process.execPath, path, url], {
    env: environmentForPrograms(),
    deadlineMs: 60_000,
  });
  if (exitCode !== 0) throw new Error(`${path}: exit ${exitCode}: ${stderr}`);
  return JSON.parse(stdout);
}
