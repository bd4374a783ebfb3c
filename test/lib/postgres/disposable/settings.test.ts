import { expect, test } from "bun:test";
import { disposableSettings, memorySettings } from "../../../../lib/postgres/disposable/settings.ts";

const GB = 1024 ** 3;

test("memorySettings() is modest on a small machine and bounded on a large one", () => {
  expect(memorySettings(GB / 4)).toEqual({ sharedBuffersMb: 32, maintenanceMb: 32 });
  expect(memorySettings(2 * GB)).toEqual({ sharedBuffersMb: 128, maintenanceMb: 64 });
  expect(memorySettings(1024 * GB)).toEqual({ sharedBuffersMb: 512, maintenanceMb: 512 });
});

test("disposableSettings() says each name once, and what only Linux knows there alone", () => {
  const names = (platform: string) =>
    [...disposableSettings({ memoryBytes: GB, platform }).matchAll(/^(\w+) =/gm)].map(([, name]) => name ?? "");
  expect(new Set(names("linux")).size).toBe(names("linux").length);
  expect(names("linux")).toContain("client_connection_check_interval");
  expect(names("darwin")).not.toContain("client_connection_check_interval");
});
