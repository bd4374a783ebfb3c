// An old kubectl is named, by a program of that name that says what an old one would: no machine has two of them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubectlVersion } from "../../../lib/kubernetes/kubectl_version.ts";
import { temporaryFolder } from "../../support/git_repo.ts";
import { startKubernetesApi } from "../../support/kubernetes_api.ts";
import { testWithKubectl } from "../../support/with_kubectl.ts";

describe("kubectlVersion()", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeAll(() => {
    folder = temporaryFolder();
  });
  afterAll(() => folder.remove());

  const saying = (major: string, minor: string) => {
    const path = join(folder.path, "kubectl");
    writeFileSync(
      path,
      `#!/bin/sh\necho '{"clientVersion":{"major":"${major}","minor":"${minor}","gitVersion":"v${major}.${minor}.1"}}'\n`,
    );
    chmodSync(path, 0o755);
    return {
      context: null,
      namespace: "a",
      signal: new AbortController().signal,
      env: { PATH: `${folder.path}:/bin:/usr/bin` },
    };
  };

  for (const [major, minor, newEnough] of [
    ["1", "26", false],
    ["1", "27", true],
    ["1", "32+", true],
    ["2", "0", true],
  ] as const)
    test(`is ${newEnough ? "" : "not "}new enough with ${major}.${minor}`, async () => {
      expect(await kubectlVersion(saying(major, minor))).toEqual({ version: `v${major}.${minor}.1`, newEnough });
    });

  testWithKubectl("reads what the kubectl of this machine says", async () => {
    const api = await startKubernetesApi();
    try {
      expect(await kubectlVersion(api.door())).toMatchObject({ newEnough: true });
    } finally {
      await api.stop();
    }
  });
});
