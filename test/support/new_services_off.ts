// What a package's installation switches on would start at the next boot: an sshd that nobody asked for would listen on
// a developer's laptop from then on. Services that an install brings are switched off; those that were there stay.
import { existsSync } from "node:fs";
import { OpsFailure } from "../../lib/failure.ts";

export interface ServiceManager {
  readonly knows: (service: string) => boolean;
  /** Not at the next boot either. @returns the exit code */
  readonly switchOff: (service: string) => Promise<number>;
}

/**
 * Runs `work`, then switches off those of these services that it brought, also when it throws.
 * @throws OpsFailure (automation) naming the services that will start at the next boot
 */
export async function withNewServicesOff<T>(
  services: readonly string[],
  work: () => Promise<T>,
  manager: ServiceManager = DEBIAN,
): Promise<T> {
  const strange = services.filter((service) => !manager.knows(service));
  try {
    return await work();
  } finally {
    await switchOff(
      strange.filter((service) => manager.knows(service)),
      manager,
    );
  }
}

async function switchOff(services: readonly string[], manager: ServiceManager): Promise<void> {
  const stayOn: string[] = [];
  for (const service of services) if ((await manager.switchOff(service)) !== 0) stayOn.push(service);
  if (stayOn.length === 0) return;
  throw new OpsFailure("Could not switch off what an installation switched on", {
    observed: `starts at the next boot: ${stayOn.join(" ")}`,
    hint: stayOn.map((service) => `update-rc.d ${service} disable`).join(" && "),
  });
}

/** update-rc.d(8) does it for init scripts and for systemd's units alike, without a running systemd. */
const DEBIAN: ServiceManager = {
  knows: (service) =>
    existsSync(`/etc/init.d/${service}`) ||
    existsSync(`/etc/systemd/system/${service}.service`) ||
    existsSync(`/lib/systemd/system/${service}.service`),
  switchOff: (service) =>
    Bun.spawn(["update-rc.d", service, "disable"], { stdio: ["ignore", process.stderr.fd, "inherit"] } as const).exited,
};
