// What may stand for a host.
import { describe, expect, test } from "bun:test";
import { hostName } from "../../../lib/remote/host_name.ts";

describe("hostName()", () => {
  test.each([
    ["vault", { host: "vault" }],
    ["hub@vault", { host: "vault", user: "hub" }],
    ["ssh://vault", { host: "vault" }],
    ["ssh://hub@10.0.0.9:2222", { host: "10.0.0.9", user: "hub", port: 2222 }],
    ["ssh://hub@[::1]:2222/", { host: "::1", user: "hub", port: 2222 }],
  ])("reads %s", (text, expected) => {
    expect(hostName(text)).toEqual(expected);
  });

  test.each([
    ["ssh://hub:secret@vault", "password"],
    ["sftp://vault", "no URL of ssh"],
    ["ssh://", "names no host"],
    ["ssh://vault:ssh", "no URL of ssh"],
    ["ssh://hub%zz@vault", "no URL of ssh"],
    ["ssh://vault/srv", "follows"],
    ["ssh://vault?x", "follows"],
    ["", "names no host"],
    ["hub@", "names no host"],
    ["ssh://vault:0", "0 is no port"],
    ["-oProxyCommand=x", "is called that"],
    ["a;b", "is called that"],
    ["ssh://hub%20x@vault", "is called that"],
  ])("refuses %s", (text, because) => {
    expect(() => hostName(text)).toThrow(
      expect.objectContaining({ kind: "usage", observed: expect.stringContaining(because) }),
    );
  });

  test("shows no password", () => {
    expect(() => hostName("ssh://hub:secret@vault")).toThrow(
      expect.objectContaining({ where: expect.not.stringContaining("secret") }),
    );
  });
});
