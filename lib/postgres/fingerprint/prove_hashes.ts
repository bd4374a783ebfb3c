// The built-in hashes and the text of values are not promised to be the same in another major version or on another kind of
// processor. A fingerprint of one server says something of another only where both come to the same on known values.
import type { Query } from "../../query.ts";

// Texts of 0 to 300 bytes (every length that the hash treats in its own way), and one value of each type whose text is made
// by rules that could change. ASCII alone: the databases may have different encodings.
const VECTOR = `
  select hashtextextended(line collate "C", 0)::text as h0, hashtextextended(line collate "C", 1)::text as h1
  from (select repeat(md5(n::text), 10)::varchar(300) as whole, n from generate_series(0, 300) n) made,
    lateral (select substr(whole, 1, n) as line) cut
  union all
  select hashtextextended(line collate "C", 0)::text, hashtextextended(line collate "C", 1)::text
  from (select row(1.10::numeric, 'NaN'::numeric, 0.1::float8 + 0.2::float8, 1e22::float8, '-0'::float8, 'Infinity'::float4,
    1.1::float4, '1 year 2 mons -3 days 04:05:06.7'::interval, '2026-02-03 04:05:06.789+00'::timestamptz,
    '0044-03-15 BC'::date, '\\x00ff41'::bytea, '{"b": 1.0, "a": [null, true]}'::jsonb, '{"b" :1.0}'::json,
    array['a"b', null, 'c\\d', ''], '[1,5)'::int4range, '12.34'::money, b'0101', '10.0.0.1/8'::inet,
    '08:00:2b:01:02:03'::macaddr, 'a & !b <-> c:*'::tsquery, '(1,2.5)'::point, '<a>1</a>'::text, 'x'::char(3),
    row(1, 'two', null), '4f8d3a52-0000-4000-8000-00000000abcd'::uuid)::text as line) written`;

/** Both sessions with PINNED_SETTINGS. @returns whether fingerprints of the two servers can be compared */
export async function proveHashes(one: Query, other: Query): Promise<boolean> {
  const [left, right] = await Promise.all([one(VECTOR), other(VECTOR)]);
  return left.length > 300 && JSON.stringify(left) === JSON.stringify(right);
}
