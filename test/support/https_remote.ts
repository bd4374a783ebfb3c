// A remote behind real HTTPS: git's own HTTP server over TLS, with a password when one is given, a certificate that only
// our CA file vouches for, and faults that are switched on and off while it runs.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { OpsFailure } from "../../lib/failure.ts";
import { run } from "../../lib/process/run.ts";
import { whenTestsEnd } from "../stop_what_tests_started.ts";
import { temporaryFolder } from "./git_repo.ts";
import { answerOfGit } from "./http_backend.ts";
import { streamOf } from "./stream_of.ts";
import { trickled } from "./trickle.ts";

/** Nothing is ever answered; headers and one byte are; git's answer comes at 1 KB/s; status 500; an endless redirect. */
export type HttpsFault = "silent" | "first_byte" | "slow" | "error" | "redirects";

export interface HttpsRemoteOptions {
  /** Every repository below this folder is served. */
  readonly root: string;
  /** Asked for, with `password`, on every request; without it everybody may read and push. */
  readonly user?: string;
  readonly password?: string;
}

export interface HttpsRemote {
  readonly port: number;
  /** The certificate to trust (http.sslCAInfo). */
  readonly caFile: string;
  /** Lines of git configuration that trust the certificate, for this remote alone; GIT_SSL_CAINFO would outrank them. */
  readonly gitConfig: string;
  /** Lines of git configuration with a credential helper that knows the password. */
  readonly credentialConfig: string;
  /** `https://127.0.0.1:PORT/path` for a path below the root. */
  url(path: string): string;
  /** For every request from now on; null: as it should be. */
  fault(fault: HttpsFault | null): void;
  /** How many requests have come and have not been answered. */
  waiting(): number;
  /** "GET /path?query 200", one for each answered request so far. */
  requests(): readonly string[];
  stop(): Promise<void>;
}

const SLOW_BYTES_PER_SECOND = 1024;

/** It runs inside this process: whoever waits for git without letting it work (spawnSync) waits for ever. */
export async function startHttpsRemote({ root, user = "", password = "" }: HttpsRemoteOptions): Promise<HttpsRemote> {
  const folder = temporaryFolder();
  const certificate = await makeCertificate(folder.path);
  const wanted = user === "" ? null : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const requests: string[] = [];
  let waiting = 0;
  let fault: HttpsFault | null = null;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    // A hung answer must stay hung until its client gives up.
    idleTimeout: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    tls: { key: readFileSync(certificate.key, "utf8"), cert: readFileSync(certificate.file, "utf8") },
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      waiting++;
      const answer = await answerTo(request, { fault, wanted, root, user: user || "anybody" });
      waiting--;
      requests.push(`${request.method} ${pathname}${search} ${answer.status}`);
      return answer;
    },
  });
  const stop = async () => {
    await server.stop(true);
    folder.remove();
  };
  whenTestsEnd(stop, folder.remove);
  const origin = `https://127.0.0.1:${server.port}`;
  return {
    port: Number(server.port),
    caFile: certificate.file,
    gitConfig: `[http "${origin}"]\n\tsslCAInfo = ${certificate.file}\n`,
    credentialConfig: credentialConfig(folder.path, origin, user, password),
    url: (path) => `${origin}/${encodeURI(path.replace(/^\//, ""))}`,
    fault: (value) => {
      fault = value;
    },
    waiting: () => waiting,
    requests: () => requests,
    stop,
  };
}

interface Answering {
  readonly fault: HttpsFault | null;
  /** The Authorization header to see; null: none is asked for. */
  readonly wanted: string | null;
  readonly root: string;
  readonly user: string;
}

async function answerTo(request: Request, { fault, wanted, root, user }: Answering): Promise<Response> {
  if (fault === "silent") return await new Promise<never>(() => {});
  if (fault === "first_byte") return new Response(hangingAfter("0"), { headers: advertisement(request) });
  if (fault === "error") return new Response("Broken on purpose\n", { status: 500 });
  if (fault === "redirects") return onwards(request);
  if (wanted !== null && request.headers.get("authorization") !== wanted) {
    return new Response("Who are you?\n", { status: 401, headers: { "www-authenticate": 'Basic realm="tests"' } });
  }
  const answer = await answerOfGit(request, { root, user });
  if (fault !== "slow" || answer.body === null) return answer;
  return new Response(streamOf(trickled(answer.body, SLOW_BYTES_PER_SECOND)), answer);
}

function hangingAfter(text: string): ReadableStream {
  return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(text)) });
}

/** So that git waits for the rest instead of calling the first byte a wrong answer. */
function advertisement(request: Request): Record<string, string> {
  const service = new URL(request.url).searchParams.get("service") ?? "git-upload-pack";
  return { "content-type": `application/x-${service}-advertisement` };
}

/** Each answer names another address, because a client may notice that it has been at one before. */
function onwards(request: Request): Response {
  const to = new URL(request.url);
  to.pathname = `/again${to.pathname}`;
  return new Response(null, { status: 302, headers: { location: to.href } });
}

/** git's own store as the helper: the password stands in a file of ours, and in nobody's argv. */
function credentialConfig(folder: string, origin: string, user: string, password: string): string {
  const file = join(folder, "credentials");
  const url = new URL(origin);
  const secret = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  writeFileSync(file, `https://${secret}@${url.host}\n`, { mode: 0o600 });
  return `[credential "${origin}"]\n\thelper = store --file=${file}\n`;
}

/** A certificate for 127.0.0.1 and localhost that vouches for itself, good for two days. */
async function makeCertificate(folder: string): Promise<{ key: string; file: string }> {
  mkdirSync(folder, { recursive: true });
  const key = join(folder, "key.pem");
  const file = join(folder, "ca.pem");
  const names = ["-subj", "/CN=State Hub tests", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const argv = ["openssl", "req", "-x509", ...kind, ...names, "-keyout", key, "-out", file];
  const { exitCode, stderr } = await run(argv, { env: environmentForPrograms(), deadlineMs: 20_000 });
  if (exitCode !== 0) throw new OpsFailure("Could not make a certificate", { observed: stderr.trim() });
  return { key, file };
}
