// The image's recipe: what it is made of, who it runs as, and that it agrees with the manifests and with .dockerignore.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CONTAINERFILE_RULES,
  containerfileBreaches,
  copiesIn,
  instructionsIn,
  isSent,
} from "../support/manifests/containerfile.ts";
import { worldOf } from "../support/manifests/folders.ts";
import { ofKind, podsIn } from "../support/manifests/manifest.ts";

const ROOT = join(import.meta.dir, "../..");
const text = readFileSync(join(ROOT, "k8s/Containerfile"), "utf8");
const ignore = readFileSync(join(ROOT, ".dockerignore"), "utf8");

/** Each rule's own breach of the real file. */
const TWINS: readonly [rule: string, from: string | RegExp, to: string][] = [
  ["base-by-digest", /BASE_DIGEST=sha256:\w+/, "BASE_DIGEST=latest"],
  ["base-by-digest", "debian:13.6-slim", "debian:stable-slim"],
  ["base-by-digest", /FROM \S+\n#/, "FROM debian\n#"],
  ["user-by-number", "USER 10001:10001", "USER state-hub"],
  ["user-by-number", "USER 10001:10001", "USER 0:0"],
  ["provenance", /org\.opencontainers\.image\.revision="[^"]*" \\\n/, ""],
  ["provenance-is-asked-for", /"\$\{REVISION:\?\}" /, ""],
  ["no-secret", "ARG SOURCE", "ARG SOURCE\nARG REGISTRY_TOKEN"],
  ["nothing-but-debian-and-npm", "COPY lib lib", "ADD https://files.example/lib.tar lib"],
  ["lean-packages", "--no-install-recommends ca-certificates nodejs", "ca-certificates nodejs"],
  ["locked-packages", "npm ci --omit=dev", "npm install --omit=dev"],
  ["nothing-but-debian-and-npm", "install -d -o", "curl -s files.example && install -d -o"],
  ["signals-reach-it", /ENTRYPOINT .*/, 'ENTRYPOINT ["scripts/state_hub.ts"]'],
  ["no-healthcheck", "HEALTHCHECK NONE", "HEALTHCHECK CMD true"],
];

describe("containerfileBreaches()", () => {
  test("finds none in k8s/Containerfile", () => {
    expect(containerfileBreaches(text)).toEqual([]);
  });

  test("names each rule that is broken", () => {
    for (const [rule, from, to] of TWINS) {
      const broken = text.replace(from, to);
      expect([rule, broken === text]).toEqual([rule, false]);
      expect([rule, ...containerfileBreaches(broken)]).toEqual([rule, rule]);
    }
    expect(CONTAINERFILE_RULES.filter((id) => !TWINS.some(([rule]) => rule === id))).toEqual([]);
  });
});

describe("k8s/Containerfile", () => {
  test("copies what is there and is sent to the build", () => {
    const copies = copiesIn(instructionsIn(text)).map(({ from }) => from);
    expect(copies).toContain("lib");
    for (const path of [...copies, "package-lock.json", ".npmrc", "lib/db/migrations/0001_schema.sql"]) {
      expect([path, isSent(ignore, path)]).toEqual([path, true]);
    }
    expect(copies.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("is sent no history, no tests, no manifests, and nothing that lies about", () => {
    const kept = [
      ".git/config",
      "node_modules/bun",
      "test/lib",
      "k8s/apps/config.yaml",
      ".env",
      "lib/.env.local",
      "id_ed25519",
    ];
    expect(kept.filter((path) => isSent(ignore, path))).toEqual([]);
  });

  test("runs as the user that the manifests name, and has the programs and the server of the database's version", async () => {
    const [apps, platform] = [await worldOf("apps"), await worldOf("platform")];
    const users = podsIn(apps.manifests).map(({ spec }) => spec.securityContext?.runAsUser);
    expect([...new Set(users)]).toEqual([Number(/^USER (\d+):/m.exec(text)?.[1])]);
    const major = /postgresql:(\d+)\./.exec(ofKind(platform.manifests, "Cluster")[0]?.spec.imageName)?.[1];
    const packages = instructionsIn(text)
      .map(({ rest }) => rest)
      .join(" ")
      .split(/\s+/);
    const wanted = [`postgresql-${major}`, `postgresql-client-${major}`, "age", "openssh-client"];
    expect(wanted.filter((name) => !packages.includes(name))).toEqual([]);
  });
});
