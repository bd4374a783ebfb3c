// What names a store, and what is refused before anything is opened.
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { storeTarget } from "../../../../lib/drill/store/store_target.ts";
import { OpsFailure } from "../../../../lib/failure.ts";

const refusal = (target: string): OpsFailure => {
  try {
    storeTarget(target);
  } catch (error) {
    if (error instanceof OpsFailure) return error;
  }
  throw new Error(`${target} was taken`);
};

describe("storeTarget()", () => {
  test("storeTarget() makes a folder absolute", () => {
    expect(storeTarget("/var/backups")).toEqual({ kind: "folder", folder: "/var/backups" });
    for (const target of ["./b", "b", "../b"])
      expect(storeTarget(target)).toEqual({ kind: "folder", folder: resolve(target) });
  });

  test("storeTarget() takes a host's parts apart", () => {
    const sftp = (target: string) => storeTarget(target);
    expect(sftp("sftp://me@vault.example:2222/b/c%20d/")).toEqual({
      kind: "sftp",
      host: "vault.example",
      user: "me",
      port: 2222,
      folder: "/b/c d",
    });
    expect(sftp("SFTP://vault/~/b")).toMatchObject({ user: null, port: null, folder: "b" });
    expect(sftp("sftp://[fd00::1]/b")).toMatchObject({ host: "fd00::1" });
  });

  test.each([
    ["", "empty"],
    ["  ", "empty"],
    ["s3://bucket/x", "s3://"],
    ["sftp://me:hunter2@vault/b", "password"],
    ["sftp://vault", "names no folder"],
    ["sftp://vault/", "names no folder"],
    ["sftp:///b", "names no host"],
    ["sftp://vault/b?x=1", "?"],
    ["sftp://vault/b%0a", "names no folder"],
    ["/b\x1b[2J", "cannot be shown"],
    ["sftp://vault/%zz", "it is no URL"],
  ])("storeTarget() refuses %p as a usage failure without its password", (target, words) => {
    const failure = refusal(target);
    expect(failure.kind).toBe("usage");
    expect(failure.observed).toContain(words);
    expect(Bun.inspect(failure)).not.toContain("hunter2");
  });
});
