import { describe, expect, test } from "bun:test";
import { natsAddress } from "../../../lib/events/nats_address.ts";
import type { OpsFailure } from "../../../lib/failure.ts";
import { Secret } from "../../../lib/secret.ts";

const PLAIN = { tls: false, credentials: {} };

describe("natsAddress()", () => {
  for (const [url, wanted] of [
    ["nats://localhost", { ...PLAIN, servers: ["localhost:4222"], printable: "nats://localhost:4222" }],
    ["nats://10.0.0.1:4333/", { ...PLAIN, servers: ["10.0.0.1:4333"], printable: "nats://10.0.0.1:4333" }],
    ["nats://[::1]:4222", { ...PLAIN, servers: ["[::1]:4222"], printable: "nats://[::1]:4222" }],
    [
      "tls://nats.example:4443",
      { tls: true, credentials: {}, servers: ["nats.example:4443"], printable: "tls://nats.example:4443" },
    ],
    [
      "nats://hub:p%40ss%2Fw%C3%BCrd@h:1",
      { tls: false, credentials: { user: "hub", pass: "p@ss/würd" }, servers: ["h:1"], printable: "nats://h:1" },
    ],
    ["nats://t0ken@h:1", { tls: false, credentials: { token: "t0ken" }, servers: ["h:1"], printable: "nats://h:1" }],
    [
      "nats://u:p@a:1, nats://u:p@b:2,nats://c:3",
      {
        tls: false,
        credentials: { user: "u", pass: "p" },
        servers: ["a:1", "b:2", "c:3"],
        printable: "nats://a:1,nats://b:2,nats://c:3",
      },
    ],
  ] as const) {
    test(`reads ${url}`, () => expect<unknown>(natsAddress(new Secret(url))).toEqual(wanted));
  }

  for (const [url, why] of [
    ["localhost:4222", "not a NATS URL"],
    ["http://u:s3cret@h", "not a NATS URL"],
    ["nats://", "not a NATS URL"],
    ["nats://u:s3cret@h:1,", "not a NATS URL"],
    ["nats://u:s3c/ret@h", "not a NATS URL"],
    ["nats://h:1/path", "something after the port"],
    ["nats://h:1?password=s3cret", "something after the port"],
    ["nats://h:1,tls://h:2", "nats:// for one server and tls:// for another"],
    ["nats://u:s3cret@a,nats://u:0ther@b", "different credentials for its servers"],
    ["nats://u:s3cret%zz@a", "starts no escape"],
  ] as const) {
    test(`refuses ${url} without printing it`, () => {
      let refused: OpsFailure | undefined;
      try {
        natsAddress(new Secret(url));
      } catch (error) {
        refused = error as OpsFailure;
      }
      expect(refused?.kind).toBe("usage");
      expect(refused?.observed).toContain(why);
      expect(`${refused?.message} ${refused?.observed} ${refused?.expected} ${refused?.hint}`).not.toMatch(/s3c|0ther/);
    });
  }
});
