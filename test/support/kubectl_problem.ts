// Whether kubectl can be used here: the one program that may be missing where the tests run, since it is in no Debian release
// that we install from. Its tests are marked by name, so that the runner can tell this skip, which it prints, from any other.

/** In the name of a test, or of the group that it stands in. */
export const NEEDS_KUBECTL = "[needs kubectl]";
/** 1.27 is the first that has a CronJob's time zone as a stable field. */
const OLDEST = { major: 1, minor: 27 };

/** null when kubectl can be used; else what is wrong, for people. */
export function kubectlProblem(): string | null {
  const wanted = `kubectl ${OLDEST.major}.${OLDEST.minor} or newer`;
  try {
    const { stdout } = Bun.spawnSync(["kubectl", "version", "--client", "--output=json"], { timeout: 20_000 });
    const [, major, minor] = /"gitVersion": "v(\d+)\.(\d+)/.exec(stdout.toString()) ?? [];
    const newer = Number(major) > OLDEST.major || (Number(major) === OLDEST.major && Number(minor) >= OLDEST.minor);
    return newer
      ? null
      : `${wanted} is wanted, ${major === undefined ? "its version could not be read" : `${major}.${minor} is here`}`;
  } catch {
    return `${wanted} is not here`;
  }
}
