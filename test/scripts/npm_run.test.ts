// The newcomer's first minute, tried on copies in temporary folders: nothing here installs or changes this clone.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");
const SHEBANG = `#!/usr/bin/env -S sh -c 'exec "$(dirname "$(readlink -f "$0")")/bun" "$0" "$@"'`;
let temp: string;
beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), "npm run "));
});
afterAll(() => rmSync(temp, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end; a variable set to "" here is as good as unset. */
async function run(argv: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<Ran> {
  const child = Bun.spawn([...argv], {
    cwd,
    env: { ...process.env, npm_execpath: "", DATABASE_URL: "", DATABASE_URL_FILE: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out, err };
}

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

const LOCK = {
  packages: {
    "": {},
    "node_modules/bun": { version: "1.0.0", integrity: "sha512-bun" },
    "node_modules/zod": { version: "4.0.0", integrity: "sha512-zod" },
    "node_modules/other-platform": { version: "1.0.0", integrity: "sha512-opt", optional: true },
  },
};

/** A clone with the real launchers, a Bun and an npm that are shell scripts, and a main script that prints its argv. */
function makeClone(installed: boolean): string {
  const clone = mkdtempSync(join(temp, "clone "));
  for (const name of ["bun", "npm_run.mjs", "npm_ci.mjs"])
    cpSync(join(ROOT, "scripts", name), join(clone, "scripts", name));
  write(join(clone, "package-lock.json"), JSON.stringify(LOCK));
  write(join(clone, "bunfig.toml"), "");
  write(join(clone, "bin/npm"), FAKE_NPM, 0o755);
  if (installed) Bun.spawnSync([join(clone, "bin/npm"), "ci"], { cwd: clone });
  rmSync(join(clone, "npm.log"), { force: true });
  return clone;
}

// Does what npm ci leaves behind, and writes down that it was called and with what.
const BUILDS = ["linux-x64", "linux-aarch64", "darwin-x64", "darwin-aarch64", "linux-x64-musl", "linux-aarch64-musl"];
const FAKE_BUN = `#!/bin/sh
[ "$3" = --version ] && echo 1.0.0 && exit
echo "DATABASE_URL=$DATABASE_URL FILE=$DATABASE_URL_FILE" "$@"
case "$*" in *"\${FAKE_FAILS:-nothing}"*) exit 1 ;; esac
exit "\${FAKE_EXIT:-0}"
`;
const FAKE_NPM = `#!/bin/sh
echo "$@" >> npm.log
[ -n "$NPM_FAILS" ] && exit 7
for build in ${BUILDS.join(" ")}; do
  mkdir -p "node_modules/@oven/bun-$build/bin"
  cat > "node_modules/@oven/bun-$build/bin/bun" <<'BUN'
${FAKE_BUN}BUN
  chmod +x "node_modules/@oven/bun-$build/bin/bun"
done
cp package-lock.json node_modules/.package-lock.json
echo installed
`;

function start(clone: string, env: Record<string, string> = {}, extra: readonly string[] = []): Promise<Ran> {
  const path = `${join(clone, "bin")}:${process.env.PATH}`;
  return run(["node", "scripts/npm_run.mjs", "start", ...extra], clone, { PATH: path, ...env });
}
const npmLog = (clone: string) =>
  existsSync(join(clone, "npm.log")) ? readFileSync(join(clone, "npm.log"), "utf8").trim().split("\n") : [];

describe("npm_run.mjs start", () => {
  test("start installs once, says why on stderr, and leaves stdout to the script", async () => {
    const clone = makeClone(false);
    const first = await start(clone, {}, ["--json", "a b"]);
    expect(first.err).toContain("node_modules lacks bun 1.0.0 and 1 more");
    expect(first.out).toMatch(/^DATABASE_URL=embedded .*scripts\/consistency_check\.ts --repo .* --json a b\n$/);
    expect(first.out).not.toContain("installed");
    const second = await start(clone);
    expect(second.code).toBe(0);
    expect(second.err.trim().split("\n")[0]).toBe("To go on with this hub, type:");
    expect((await start(clone, {}, ["--json"])).err).toBe("");
    expect(npmLog(clone)).toHaveLength(1);
    expect(npmLog(clone)[0]).toContain("ci --include=dev --include=optional --ignore-scripts");
  });

  test("start installs again when the lock file names another build of a package", async () => {
    const clone = makeClone(true);
    write(join(clone, "package-lock.json"), JSON.stringify(LOCK).replace("sha512-zod", "sha512-new"));
    expect((await start(clone)).err).toContain("node_modules lacks zod 4.0.0\n");
    expect(npmLog(clone)).toHaveLength(1);
  });

  test("start does not install for a package that is optional: it belongs to another platform", async () => {
    const clone = makeClone(true);
    const record = JSON.parse(JSON.stringify(LOCK));
    delete record.packages["node_modules/other-platform"];
    write(join(clone, "node_modules/.package-lock.json"), JSON.stringify(record));
    expect((await start(clone)).code).toBe(0);
    expect(npmLog(clone)).toEqual([]);
  });

  test("start installs again when the pinned Bun is gone though npm's record names it", async () => {
    const clone = makeClone(true);
    rmSync(join(clone, "node_modules/@oven"), { recursive: true });
    const ran = await start(clone);
    expect(ran.err).toContain("Bun 1.0.0 does not run here");
    expect(ran.code).toBe(0);
  });

  test("start ends with 2 when npm ci fails, and starts nothing", async () => {
    const ran = await start(makeClone(false), { NPM_FAILS: "1" });
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain("npm ci ended with 7");
  });

  test("start hands on the exit code of the script", async () => {
    expect((await start(makeClone(true), { FAKE_EXIT: "143" })).code).toBe(143);
  });

  test("start overrides DATABASE_URL and its _FILE, says so, and prints neither", async () => {
    const ran = await start(makeClone(true), { DATABASE_URL: "postgres://u:hush@h/d", DATABASE_URL_FILE: "/hush" });
    expect(ran.out).toStartWith("DATABASE_URL=embedded FILE= ");
    expect(ran.err).toContain("not your DATABASE_URL");
    expect(ran.out + ran.err).not.toContain("hush");
  });

  test("start takes over the lock of a dead run, and two runs at once install once", async () => {
    const clone = makeClone(false);
    const dead = Bun.spawnSync(["true"]).pid;
    symlinkSync(String(dead), join(clone, "npm_ci_running.tmp"));
    const both = await Promise.all([start(clone), start(clone)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(npmLog(clone)).toHaveLength(1);
    expect([...new Bun.Glob("*.tmp").scanSync({ cwd: clone, onlyFiles: false })]).toEqual([]);
  });

  test.each([["bogus"], ["toString"], []])(
    "npm_run.mjs refuses the command %p with 64 and lists the others",
    async (...name) => {
      const words = name.filter((word): word is string => typeof word === "string");
      const ran = await run(["node", join(ROOT, "scripts/npm_run.mjs"), ...words], temp);
      expect(ran).toMatchObject({ code: 64, out: "" });
      expect(ran.err).toContain("npm run test:long");
    },
  );
});

describe("npm_run.mjs check", () => {
  /** With a formatter and a compiler that only say that they were asked. */
  async function check(env: Record<string, string> = {}): Promise<Ran> {
    const clone = makeClone(true);
    for (const tool of ["@biomejs/biome/bin/biome", "typescript/bin/tsc"]) {
      write(join(clone, "node_modules", tool), `console.log("asked", "${tool}")`);
    }
    const path = `${join(clone, "bin")}:${process.env.PATH}`;
    return run(["node", "scripts/npm_run.mjs", "check"], clone, { PATH: path, ...env });
  }

  test("check asks the formatter, the compiler, the direction of imports, the runbooks and the definitions", async () => {
    const { code, out } = await check();
    expect([code, out.trim().split("\n").length]).toEqual([0, 5]);
    expect(out).toMatch(/biome.*\n.*tsc.*\n.*layering\.test\.ts\n.* scripts\/runbook\.ts lint\n.* check --files\n$/);
  });

  test.each(["runbook.ts", "layering.test.ts", "activity_definitions.ts"])(
    "check fails when %s does, and shows all the same what else is wrong",
    async (fails) => {
      const { code, out } = await check({ FAKE_FAILS: fails });
      expect([code, out.trim().split("\n").length]).toEqual([1, 5]);
    },
  );
});

describe("scripts/bun", () => {
  /** A clone with the real Bun behind the real launcher, and a script that reports what it sees. */
  function realClone(): string {
    const clone = mkdtempSync(join(temp, "real "));
    cpSync(join(ROOT, "scripts/bun"), join(clone, "scripts/bun"));
    symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"));
    write(join(clone, "bunfig.toml"), "");
    const body =
      "console.log(JSON.stringify([import.meta.main, process.env.FROM_DOTENV ?? null, ...process.argv.slice(2)]))";
    write(join(clone, "scripts/show.ts"), `${SHEBANG}\n${body};process.exitCode = 7;\n`, 0o755);
    return clone;
  }

  test("the shebang starts a script by path and through a symlink, from a folder with a space, arguments whole", async () => {
    const clone = realClone();
    const link = join(temp, "link to show");
    symlinkSync(join(clone, "scripts/show.ts"), link);
    for (const path of [join(clone, "scripts/show.ts"), link]) {
      const ran = await run([path, "a b", "", "$HOME", "--help"], "/");
      expect({ ...ran, out: JSON.parse(ran.out) }).toEqual({
        code: 7,
        err: "",
        out: [true, null, "a b", "", "$HOME", "--help"],
      });
    }
    expect(SHEBANG.length).toBeLessThan(127);
  });

  test("scripts/bun takes neither .env nor bunfig.toml from the folder one stands in", async () => {
    const stranger = mkdtempSync(join(temp, "stranger "));
    write(join(stranger, ".env"), "FROM_DOTENV=yes\n");
    write(join(stranger, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
    write(join(stranger, "evil.ts"), 'console.log("executed");');
    expect((await run([join(realClone(), "scripts/show.ts")], stranger)).out).toBe("[true,null]\n");
  });

  test("scripts/bun ends with 2 and says what to type when nothing is installed", async () => {
    const clone = mkdtempSync(join(temp, "bare "));
    cpSync(join(ROOT, "scripts/bun"), join(clone, "scripts/bun"));
    const ran = await run([join(clone, "scripts/bun"), "x.ts"], temp);
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain(`(cd "${clone}" && npm ci --include=dev --include=optional)`);
  });
});
