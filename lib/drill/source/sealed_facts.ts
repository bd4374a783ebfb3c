// What a manifest says of the database and its facts say as well. On a machine whose ledger does not know the backup, a manifest that
// was edited and sealed again is told by the facts alone. (pure)

import type { Manifest } from "../store/manifest.ts";
import { digestsOf, type Facts, rowsOf } from "./facts.ts";

type Told = Pick<
  Manifest,
  "created_at" | "database" | "system_identifier" | "instance_id" | "rows" | "facts_digest" | "schema_digest"
>;

/** As a manifest has it. */
export function toldByFacts(facts: Facts): Told {
  const digests = digestsOf(facts);
  return {
    created_at: facts.clock,
    database: facts.source.database,
    system_identifier: facts.source.system_identifier,
    instance_id: facts.hub?.instance_id ?? null,
    rows: String(rowsOf(facts)),
    facts_digest: digests.facts,
    schema_digest: digests.schema,
  };
}

/** Names of what the two do not agree on; none: the manifest is that of these facts. */
export function untold(manifest: Manifest, facts: Facts): string[] {
  return Object.entries(toldByFacts(facts))
    .filter(([field, value]) => manifest[field as keyof Told] !== value)
    .map(([field]) => field);
}
