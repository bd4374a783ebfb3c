// Which services an installation may leave switched on: those that were there before.
import { describe, expect, test } from "bun:test";
import { type ServiceManager, withNewServicesOff } from "./new_services_off.ts";

function machine(installed: string[], exitCode = 0): ServiceManager & { off: string[]; install(name: string): void } {
  const off: string[] = [];
  return {
    off,
    install: (name) => installed.push(name),
    knows: (service) => installed.includes(service),
    switchOff: async (service) => {
      off.push(service);
      return exitCode;
    },
  };
}

describe("withNewServicesOff()", () => {
  test("withNewServicesOff() switches off what came, and neither what was there nor what did not come", async () => {
    const debian = machine(["ssh"]);
    const work = async () => debian.install("pgbouncer");
    await withNewServicesOff(["ssh", "pgbouncer", "other"], work, debian);
    expect(debian.off).toEqual(["pgbouncer"]);
  });

  test("withNewServicesOff() does so also when the installation failed half way", async () => {
    const debian = machine([]);
    const work = async () => {
      debian.install("ssh");
      throw new Error("apt failed");
    };
    await expect(withNewServicesOff(["ssh"], work, debian)).rejects.toThrow("apt failed");
    expect(debian.off).toEqual(["ssh"]);
  });

  test("withNewServicesOff() says which service stays on", async () => {
    const debian = machine([], 1);
    const ended = withNewServicesOff(["ssh"], async () => debian.install("ssh"), debian);
    await expect(ended).rejects.toMatchObject({ observed: "starts at the next boot: ssh" });
  });
});
