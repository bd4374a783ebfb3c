import { describe, expect, test } from "bun:test";
import { holderName, readHolder } from "../../../lib/db/lock_holder.ts";

const HOLDER = { source: "local-timer", host: "host.example", pid: 4711 };

describe("holderName()", () => {
  test("is read back by readHolder()", () => {
    expect(holderName(HOLDER)).toBe("state-hub-lock local-timer 4711 host.example");
    expect(readHolder(holderName(HOLDER))).toEqual(HOLDER);
  });

  test("cuts a long host to what PostgreSQL keeps, and nothing else", () => {
    const name = holderName({ ...HOLDER, pid: 4_194_304, host: "state-hub-sweep-29384756-abcde.".repeat(3) });
    expect(name).toHaveLength(63);
    expect(readHolder(name)).toEqual({ ...HOLDER, pid: 4_194_304, host: "state-hub-sweep-29384756-abc" });
  });

  test("stays three words, whatever a host or source is called", () => {
    for (const odd of ["with a space", "new\nline", "ünïcode", "\0", ""]) {
      const read = readHolder(holderName({ source: odd, host: odd, pid: 1 }));
      expect(read).toMatchObject({ pid: 1, host: expect.stringMatching(/^[\x21-\x7e]+$/) });
    }
  });
});

describe("readHolder()", () => {
  test("is null for names of other connections", () => {
    for (const other of [
      "",
      "psql",
      "state-hub",
      "state-hub-lock",
      "state-hub-lock manual x host",
      "a state-hub-lock b 1 c",
    ]) {
      expect(readHolder(other)).toBeNull();
    }
  });
});
