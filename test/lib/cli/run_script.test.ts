import { describe, expect, test } from "bun:test";
import { jsonText } from "../../../lib/cli/run_script.ts";
import { fixturePath, once, runFixture } from "./spawn_fixture.ts";

describe.concurrent("main()", () => {
  test("prints the result and the next command on stdout, progress on stderr, once a phase", async () => {
    const { code, out, err } = await runFixture("flat.ts", ["--all"]);
    expect(out).toBe("repo all\nNext: scripts/flat.ts --all\n");
    expect(err).toBe("Reading\nA note\n");
    expect(code).toBe(0);
  });

  test("with --json prints one document, schema_version first", async () => {
    const { code, out } = await runFixture("flat.ts", ["--all", "--act", "refuse", "--json"]);
    expect(Object.entries(JSON.parse(out))[0]).toEqual(["schema_version", 1]);
    expect(JSON.parse(out)).toMatchObject({ all: true, days: 30, big_int: 12 });
    expect(code).toBe(1);
  });

  test("with --quiet prints the result alone, but still what was left out", async () => {
    const { code, out, err } = await runFixture("flat.ts", ["--all", "--quiet", "--act", "degraded"]);
    expect(out).toBe("repo all\n");
    expect(err).toBe("Degraded: the mirror of x was\\x1b[2J not read\n");
    expect(code).toBe(0);
  });

  test("says a failure with what it saw, where, why and what to try, and exits 2", async () => {
    const { code, out, err } = await runFixture("flat.ts", ["--all", "--act", "fail", "--quiet"]);
    expect(err).toBe(
      [
        "C-00 Could not connect to PostgreSQL: connection refused, wanted a server that answers",
        "  at 127.0.0.1:5432",
        "  because ECONNREFUSED",
        "Try: export DATABASE_URL=embedded\n",
      ].join("\n"),
    );
    expect(out).toBe("");
    expect(code).toBe(2);
  });

  test("with --json says a failure as the document", async () => {
    const { code, out } = await runFixture("flat.ts", ["--all", "--act", "fail", "--json"]);
    expect(JSON.parse(out)).toEqual({
      schema_version: 1,
      exit_code: 2,
      automation_error: { check: "C-00", message: expect.stringContaining("connection refused"), repo: null },
      error: {
        kind: "automation",
        message: "Could not connect to PostgreSQL",
        observed: "connection refused",
        expected: "a server that answers",
        where: "127.0.0.1:5432",
        hint: "export DATABASE_URL=embedded",
      },
    });
    expect(code).toBe(2);
  });

  test("shows the stack of a bug with --debug only", async () => {
    const [plain, debug] = await Promise.all([
      runFixture("flat.ts", ["--all", "--act", "bug"]),
      runFixture("flat.ts", ["--all", "--act", "bug", "--debug"]),
    ]);
    expect(plain.err).toContain("C-00 Could not finish because of a bug: TypeError: undefined is not a function");
    expect(plain.err).not.toContain("flat.ts:");
    expect(debug.err).toContain("flat.ts:");
    expect([plain.code, debug.code]).toEqual([2, 2]);
  });

  test.each(["bug", "loose", "rejected", "circular"])("ends %s as C-00, exit 2, one document", async (act) => {
    const { code, out } = await runFixture("flat.ts", ["--all", "--act", act, "--json"]);
    expect(JSON.parse(out).automation_error.check).toBe("C-00");
    expect(code).toBe(2);
  });

  test("takes the password out of what a library throws", async () => {
    const { out, err } = await runFixture("flat.ts", ["--all", "--act", "secret", "--json", "--debug"]);
    expect(out).toContain("postgres://me@db/hub");
    expect(out + err).not.toContain("hunter2");
  });

  test("refuses wrong usage with 64 and nothing on stdout", async () => {
    const { code, out, err } = await runFixture("flat.ts", ["--rpo", "x"]);
    expect(err).toBe(
      "Could not use these arguments: --rpo is no flag of this command, wanted --repo, perhaps\nTry: scripts/flat.ts --repo x\n",
    );
    expect(out).toBe("");
    expect(code).toBe(64);
  });

  test("refuses wrong usage with one document when --json is given", async () => {
    const { code, out } = await runFixture("flat.ts", ["--repo", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ schema_version: 1, exit_code: 64, automation_error: null });
    expect(code).toBe(64);
  });

  test("with LOG_FORMAT=json writes every line of stderr as an object", async () => {
    const { err } = await runFixture("flat.ts", ["--all", "--act", "fail"], { env: { LOG_FORMAT: "json" } });
    const lines = err
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ level }) => level)).toEqual(["info", "info", "error"]);
    for (const line of lines) expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  test("does nothing when the script is imported", async () => {
    const child = Bun.spawn([process.execPath, "-e", `await import(${JSON.stringify(fixturePath("flat.ts"))})`], {
      stdout: "pipe",
      stderr: "pipe",
    });
    expect(await child.stdout.text()).toBe("");
    expect(await child.exited).toBe(0);
  });
});

describe.concurrent("main() writes", () => {
  const big = (more: string) => `"${process.execPath}" "${fixturePath("flat.ts")}" --all --act big ${more}`;
  const shell = async (line: string) => {
    const child = Bun.spawn(["bash", "-c", line], { stdout: "pipe", stderr: "pipe" });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { code: await child.exited, out, err };
  };

  test("four megabytes of JSON whole into a reader that takes its time", async () => {
    const child = Bun.spawn([process.execPath, fixturePath("flat.ts"), "--all", "--act", "big", "--json"], {
      stdout: "pipe",
      stderr: "ignore",
    });
    let size = 0;
    let text = "";
    for await (const chunk of child.stdout) {
      size += chunk.length;
      text += Buffer.from(chunk).toString("latin1");
      // Gives the writer the chance to end, and to be wrong, before the pipe is empty.
      await new Promise((resolve) => setImmediate(resolve));
      Bun.gc(false);
    }
    expect(size).toBeGreaterThan(4 * 1024 * 1024);
    expect(JSON.parse(text).text.length).toBe(4 * 1024 * 1024);
    expect(await child.exited).toBe(0);
  });

  test("no complaint, and keeps its exit code, when the reader leaves", async () => {
    const { code, out, err } = await shell(`${big("--quiet")} | head -c 8; exit \${PIPESTATUS[0]}`);
    expect(out).toBe("repo all");
    expect(err).toBe("");
    expect(code).toBe(0);
  });

  test("C-00 when the disk is full: a lost result is no result", async () => {
    const { code, err } = await shell(`${big("--json")} > /dev/full`);
    expect(err).toContain("C-00 Could not write the output");
    expect(code).toBe(2);
  });
});

describe.concurrent("main() on a signal", () => {
  const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
  const names = Object.keys(codes) as (keyof typeof codes)[];

  test.each(names)("aborts the run on %s and keeps its result and the signal's code", async (name) => {
    const { code, out } = await runFixture("waits.ts", [], { onText: once("ready", (child) => child.kill(name)) });
    expect(out).toBe("stopped half way\n");
    expect(code).toBe(codes[name]);
  });

  test("keeps the signal's code when the run throws the abort, or something else", async () => {
    const onText = () => once("ready", (child) => child.kill("SIGTERM"));
    const [aborts, throws] = await Promise.all([
      runFixture("waits.ts", ["--how", "aborts", "--json"], { onText: onText() }),
      runFixture("waits.ts", ["--how", "throws"], { onText: onText() }),
    ]);
    expect(JSON.parse(aborts.out)).toMatchObject({
      exit_code: 143,
      automation_error: null,
      error: { kind: "interrupted" },
    });
    expect(aborts.code).toBe(143);
    expect(throws.err).toContain("Stopped by SIGTERM: Could not finish because of a bug");
    expect(throws.err).toContain("the undo failed");
    expect(throws.code).toBe(143);
  });

  test("ends a deaf run at the second SIGINT, with its one document", async () => {
    const first = once("ready", (child) => child.kill("SIGTERM"));
    const second = once("aborted", (child) => child.kill("SIGINT"));
    const onText: typeof first = (text, child) => {
      first(text, child);
      second(text, child);
    };
    const { code, out } = await runFixture("waits.ts", ["--how", "deaf", "--json"], { onText });
    expect(JSON.parse(out)).toMatchObject({ exit_code: 130, error: { observed: "asked a second time" } });
    expect(code).toBe(130);
  });

  test("ends a deaf run by itself after the grace period", async () => {
    const onText = once("ready", (child) => child.kill("SIGTERM"));
    const { code, err } = await runFixture("grace.ts", [], { onText });
    expect(err).toContain("still running 0.05 s after SIGTERM");
    expect(code).toBe(143);
  });
});

test("jsonText() keeps schema_version its own and first, and big integers exact", () => {
  const text = jsonText({ a: 1, schema_version: 9, small: 7n, large: 2n ** 63n });
  expect(JSON.parse(text)).toEqual({ schema_version: 1, a: 1, small: 7, large: "9223372036854775808" });
  expect(text).toStartWith('{\n  "schema_version": 1');
});
