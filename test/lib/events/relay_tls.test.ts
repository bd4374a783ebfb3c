// NATS over TLS: a certificate that nobody vouches for stops the relay with words, and one that is trusted lets it pass.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../../support/git_repo.ts";
import { eventsScene, type Scene } from "./events_scene.ts";

const WATCHDOG = 30_000;
const folder = temporaryFolder();
const [CERTIFICATE, KEY] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
let scene: Scene;
beforeAll(async () => {
  const argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  const made = Bun.spawnSync([
    ...argv,
    "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
    "-keyout",
    KEY,
    "-out",
    CERTIFICATE,
  ]);
  expect(made.exitCode).toBe(0);
  scene = await eventsScene();
  await scene.nats.start({ lines: [`tls { cert_file: "${CERTIFICATE}", key_file: "${KEY}" }`] });
}, WATCHDOG);
afterEach(() => scene.clear());
afterAll(async () => {
  await scene.close();
  folder.remove();
});

const secure = () => `tls://localhost:${scene.nats.port}`;

test("a certificate that nobody vouches for is told of, and nothing is sent", async () => {
  await scene.insert(3);
  const relay = await scene.relay({ natsUrl: secure() });
  const { problem } = await relay.reaches("unreachable");
  expect(problem).toMatch(/certificate/i);
  expect(relay.state().published).toBe(0);
});

test("a certificate that is trusted lets every event pass", async () => {
  await scene.insert(3);
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "relay_process.ts"), scene.hub.url, secure()], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: CERTIFICATE },
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    await scene.allSettled();
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});
