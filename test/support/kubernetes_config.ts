// What kubectl needs to trust a test's cluster. It goes over TLS, because no client sends its token over anything else.
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environmentForPrograms } from "../../lib/config.ts";
import { OpsFailure } from "../../lib/failure.ts";
import { run } from "../../lib/process/run.ts";

export interface Certificate {
  /** Its own authority. */
  readonly file: string;
  readonly tls: { readonly key: Bun.BunFile; readonly cert: Bun.BunFile };
}

export async function makeCertificate(folder: string): Promise<Certificate> {
  const [key, file] = [join(folder, "key.pem"), join(folder, "ca.pem")];
  const names = ["-subj", "/CN=State Hub tests", "-addext", "subjectAltName=IP:127.0.0.1"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const argv = ["openssl", "req", "-x509", ...kind, ...names, "-keyout", key, "-out", file];
  const { exitCode, stderr } = await run(argv, { env: environmentForPrograms(), deadlineMs: 20_000 });
  if (exitCode !== 0) throw new OpsFailure("Could not make a certificate", { observed: stderr.trim() });
  return { file, tls: { key: Bun.file(key), cert: Bun.file(file) } };
}

export interface Access {
  readonly context: string;
  readonly port: number;
  readonly token: string;
  readonly authority: string;
}

/** The token is in the file alone, and that is for its owner: it is in no argv. */
export function writeKubeconfig(folder: string, { context, port, token, authority }: Access): string {
  const path = join(folder, "kubeconfig");
  const server = `https://127.0.0.1:${port}`;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: context, cluster: { server, "certificate-authority": authority } }],
    users: [{ name: context, user: { token } }],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    "current-context": context,
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  chmodSync(path, 0o600);
  return path;
}
