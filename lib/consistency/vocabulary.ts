// Domains and topics: the hub learns them from the files that name them.
import type { Reader, Transaction } from "../db/handles.ts";

export interface Vocabulary {
  readonly domain: string;
  readonly topic: string;
}

/** Which of these the hub does not know yet. */
export async function unknownVocabulary(sql: Reader, names: readonly Vocabulary[]): Promise<readonly Vocabulary[]> {
  return sql<Vocabulary[]>`
    select domain, topic from json_to_recordset(${JSON.stringify(names)}::text::json) as r(domain text, topic text)
    where not exists (select from topics t join domains d on d.id = t.domain_id where d.slug = r.domain and t.slug = r.topic)`;
}

/** Domains and topics that files name are created: a plan must not fail because it is the first of its domain. */
export async function ensureVocabulary(tx: Transaction, names: readonly Vocabulary[]): Promise<void> {
  const rows = JSON.stringify([...new Map(names.map((each) => [`${each.domain}|${each.topic}`, each])).values()]);
  await tx`
    insert into domains (slug)
    select distinct domain from json_to_recordset(${rows}::text::json) as r(domain text)
    where not exists (select from domains d where d.slug = r.domain)
    order by domain on conflict do nothing`;
  await tx`
    insert into topics (domain_id, slug)
    select distinct d.id, topic from json_to_recordset(${rows}::text::json) as r(domain text, topic text)
    join domains d on d.slug = r.domain
    where not exists (select from topics t where t.domain_id = d.id and t.slug = r.topic)
    order by d.id, topic on conflict do nothing`;
}
