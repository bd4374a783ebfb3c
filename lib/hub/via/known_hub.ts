// Which hub answered at an address when it was asked last. Of a hub that is down nobody can ask who it is, and a run that was
// skipped for its sake must be told to no other.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makePrivateFolder } from "../../private_folder.ts";
import { writeWhole } from "../../whole_file.ts";

const IDENTITY = z.object({ instance_id: z.uuid(), system_identifier: z.string().regex(/^\d{1,20}$/) });
export type HubIdentity = z.output<typeof IDENTITY>;

/** null: it never answered there, or nothing of it was kept. */
export function knownHub(home: string, url: string): HubIdentity | null {
  try {
    return identityIn(JSON.parse(readFileSync(fileOf(home, url), "utf8")));
  } catch {
    return null;
  }
}

/** Never throws: without it a skipped run is not kept, and says so. */
export function rememberHub(home: string, url: string, identity: HubIdentity): void {
  if (Bun.deepEquals(knownHub(home, url), identity)) return;
  try {
    makePrivateFolder(join(home, "via"));
    writeWhole(fileOf(home, url), `${JSON.stringify(identity)}\n`);
  } catch {
    // A home that cannot be written, such as a pod's without a volume.
  }
}

/** Of a health document; null when it is none. */
export function identityIn(document: unknown): HubIdentity | null {
  return IDENTITY.safeParse(document).data ?? null;
}

function fileOf(home: string, url: string): string {
  const name = new Bun.CryptoHasher("sha256").update(url).digest("hex").slice(0, 16);
  return join(home, "via", `${name}.json`);
}
