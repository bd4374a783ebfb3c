// Which kubectl is here: one before 1.27 builds our manifests differently, and a reader should hear it once, not as a riddle.
import { z } from "zod";
import { type ClusterDoor, kubectl, readJson, runKubectl } from "./cluster.ts";

const Version = z.object({ clientVersion: z.object({ major: z.string(), minor: z.string(), gitVersion: z.string() }) });
const OLDEST = { major: 1, minor: 27 };

export interface KubectlVersion {
  /** "v1.32.4" */
  readonly version: string;
  /** It is 1.27 or newer. */
  readonly newEnough: boolean;
}

/** @throws OpsFailure when there is no kubectl, or it does not answer */
export async function kubectlVersion(door: ClusterDoor): Promise<KubectlVersion> {
  const { clientVersion } = readJson(Version, await runKubectl(door, kubectl.clientVersion()));
  // "32+": built by somebody other than the project.
  const [major, minor] = [Number.parseInt(clientVersion.major, 10), Number.parseInt(clientVersion.minor, 10)];
  const newEnough = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
  return { version: clientVersion.gitVersion, newEnough };
}
