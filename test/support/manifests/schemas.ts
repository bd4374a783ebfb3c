// The official schemas of Kubernetes and CloudNativePG, asked offline. Their validators find wrong types, wrong values and
// missing fields, and let unknown ones pass; the compiler finds those, since a literal may have no field that its type has not.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, nameOf } from "./manifest.ts";

const ROOT = join(import.meta.dir, "../../..");

interface Known {
  /** Where the type is, and how it is called there. */
  readonly module: string;
  readonly type: string;
  /** The compiled validator; null: nobody publishes one on npm, and the type is ours. */
  readonly schema: string | null;
}

const core = (kind: string): Known => kubernetes("v1", "CoreV1", kind);
function kubernetes(module: string, prefix: string, kind: string): Known {
  const schema = `kubernetes-models/_schemas/IoK8sApi${prefix}${kind}`;
  return { module: `kubernetes-models/${module}`, type: `I${kind}`, schema };
}
function cloudNativePg(kind: string): Known {
  const home = "@kubernetes-models/cloudnative-pg";
  const schema = `${home}/_schemas/ComGithubCloudnativePgCloudnativePgApiV1${kind}`;
  return { module: `${home}/postgresql.cnpg.io/v1`, type: `I${kind}`, schema };
}

const KINDS: Readonly<Record<string, Known>> = {
  "v1 Namespace": core("Namespace"),
  "v1 ServiceAccount": core("ServiceAccount"),
  "v1 ConfigMap": core("ConfigMap"),
  "v1 Service": core("Service"),
  "v1 PersistentVolumeClaim": core("PersistentVolumeClaim"),
  "apps/v1 Deployment": kubernetes("apps/v1", "AppsV1", "Deployment"),
  "batch/v1 CronJob": kubernetes("batch/v1", "BatchV1", "CronJob"),
  "policy/v1 PodDisruptionBudget": kubernetes("policy/v1", "PolicyV1", "PodDisruptionBudget"),
  "networking.k8s.io/v1 NetworkPolicy": kubernetes("networking.k8s.io/v1", "NetworkingV1", "NetworkPolicy"),
  "postgresql.cnpg.io/v1 Cluster": cloudNativePg("Cluster"),
  "postgresql.cnpg.io/v1 ScheduledBackup": cloudNativePg("ScheduledBackup"),
  "barmancloud.cnpg.io/v1 ObjectStore": { module: "./ours.ts", type: "IObjectStore", schema: null },
  "monitoring.coreos.com/v1 PodMonitor": { module: "./ours.ts", type: "IPodMonitor", schema: null },
};

/** Of two operators whose schemas are on no registry that we read: only the fields that we use. */
const OURS = `
import type { IBarmanObjectStoreConfiguration } from "@kubernetes-models/cloudnative-pg/github.com/cloudnative-pg/barman-cloud/pkg/api/BarmanObjectStoreConfiguration";
interface Meta { name: string; namespace: string; labels?: Record<string, string> }
export interface IObjectStore {
  apiVersion: "barmancloud.cnpg.io/v1"; kind: "ObjectStore"; metadata: Meta;
  spec: { configuration: IBarmanObjectStoreConfiguration; retentionPolicy?: string };
}
export interface IPodMonitor {
  apiVersion: "monitoring.coreos.com/v1"; kind: "PodMonitor"; metadata: Meta;
  spec: { selector: { matchLabels: Record<string, string> }; podMetricsEndpoints: { port: string }[] };
}
`;

function knownAs({ apiVersion, kind }: Manifest): Known | undefined {
  return KINDS[`${apiVersion} ${kind}`];
}

interface Validate {
  (data: unknown): boolean;
  readonly errors?: readonly Fault[] | null;
}
interface Fault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params?: { readonly missingProperty?: string };
}

function written({ instancePath, keyword, params }: Fault): string {
  const missing = params?.missingProperty;
  return `${instancePath}${missing === undefined ? "" : `/${missing}`} ${keyword}`;
}

/** What the validators say: "CronJob/x /spec/schedule required". A kind without any is named. */
export async function schemaErrors(manifests: readonly Manifest[]): Promise<string[]> {
  const found: string[] = [];
  for (const each of manifests) {
    const known = knownAs(each);
    if (known === undefined) found.push(`${nameOf(each)}: no schema is known for ${each.apiVersion} ${each.kind}`);
    if (!known?.schema) continue;
    const { validate } = (await import(join(ROOT, "node_modules", `${known.schema}.js`))) as { validate: Validate };
    if (validate(each)) continue;
    found.push(...(validate.errors ?? []).map((fault) => `${nameOf(each)} ${written(fault)}`));
  }
  return found;
}

/**
 * What the compiler says of each manifest, written down as a literal of its type, all of them in one run.
 * @returns for each of `manifests` its errors, "Object literal may only specify known properties, and '"x"' does not exist ..."
 */
export function typeErrors(manifests: readonly Manifest[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "manifest-types-"));
  try {
    const ends = writeLiterals(folder, manifests);
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const { stdout, stderr } = Bun.spawnSync([tsc, "-p", folder, "--pretty", "false"], {
      cwd: folder,
      timeout: 50_000,
    });
    const errors: string[][] = manifests.map(() => []);
    for (const line of `${stdout}${stderr}`.split("\n").filter((each) => each !== "" && !each.startsWith(" "))) {
      const [, at = "", says = ""] = /^literals\.ts\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? [];
      if (at === "") throw new Error(`tsc could not do it: ${line}`);
      errors[ends.findIndex((end) => Number(at) <= end)]?.push(says);
    }
    return errors;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the last line of each manifest */
function writeLiterals(folder: string, manifests: readonly Manifest[]): number[] {
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const lines: string[] = [];
  const ends = manifests.map((each, at) => {
    const { module, type } = knownAs(each) ?? { module: "./ours.ts", type: `no type for ${each.kind}` };
    lines.push(`export const at${at}: import("${module}").${type} = ${JSON.stringify(each, null, 1)};`);
    return lines.join("\n").split("\n").length;
  });
  writeFileSync(join(folder, "literals.ts"), `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "ours.ts"), OURS);
  const compilerOptions = {
    target: "ESNext",
    module: "Preserve",
    moduleResolution: "Bundler",
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["literals.ts"] }));
  return ends;
}
