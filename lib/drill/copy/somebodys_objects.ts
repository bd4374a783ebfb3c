// What somebody made in a database. A restore adds to what is there: an object of its name, or an event trigger that fires at it,
// would spoil it half way. What an extension brought is not counted: the restore finds it in place. (pure)

interface Kind {
  readonly what: string;
  readonly catalog: string;
  readonly name: string;
  /** Which rows of the catalog a user may have made. */
  readonly made: string;
}

/** The server's own objects have smaller ones (PostgreSQL's FirstNormalObjectId, access/transam.h). */
const BY_USERS = "o.oid >= 16384";
const within = (column: string) => `o.${column} in (select oid from ours)`;

const KINDS: readonly Kind[] = [
  // An index stands and falls with its table; a row type is named below.
  {
    what: "relation",
    catalog: "pg_class",
    name: "o.oid::pg_catalog.regclass::text",
    made: `${within("relnamespace")} and o.relkind not in ('i', 'I', 't', 'c')`,
  },
  {
    what: "function",
    catalog: "pg_proc",
    name: "o.oid::pg_catalog.regprocedure::text",
    made: within("pronamespace"),
  },
  // Types of rows, arrays and multiranges come with what they are made of.
  {
    what: "type",
    catalog: "pg_type",
    name: "o.oid::pg_catalog.regtype::text",
    made: `${within("typnamespace")} and o.typtype <> 'm'
      and not exists (select from pg_catalog.pg_type e where e.typarray = o.oid)
      and (o.typrelid = 0 or (select relkind from pg_catalog.pg_class where oid = o.typrelid) = 'c')`,
  },
  // `public` is in every new database.
  {
    what: "schema",
    catalog: "pg_namespace",
    name: "o.nspname",
    made: "o.oid in (select oid from ours) and o.nspname <> 'public'",
  },
  {
    what: "operator",
    catalog: "pg_operator",
    name: "o.oid::pg_catalog.regoperator::text",
    made: within("oprnamespace"),
  },
  { what: "collation", catalog: "pg_collation", name: "o.collname", made: within("collnamespace") },
  { what: "conversion", catalog: "pg_conversion", name: "o.conname", made: within("connamespace") },
  { what: "text search configuration", catalog: "pg_ts_config", name: "o.cfgname", made: within("cfgnamespace") },
  { what: "text search dictionary", catalog: "pg_ts_dict", name: "o.dictname", made: within("dictnamespace") },
  {
    what: "cast",
    catalog: "pg_cast",
    name: "pg_catalog.format('%s as %s', o.castsource::pg_catalog.regtype, o.casttarget::pg_catalog.regtype)",
    made: BY_USERS,
  },
  { what: "event trigger", catalog: "pg_event_trigger", name: "o.evtname", made: BY_USERS },
  { what: "foreign-data wrapper", catalog: "pg_foreign_data_wrapper", name: "o.fdwname", made: BY_USERS },
  { what: "foreign server", catalog: "pg_foreign_server", name: "o.srvname", made: BY_USERS },
  { what: "language", catalog: "pg_language", name: "o.lanname", made: BY_USERS },
  { what: "publication", catalog: "pg_publication", name: "o.pubname", made: BY_USERS },
  { what: "large object", catalog: "pg_largeobject_metadata", name: "o.oid::text", made: "true" },
];

const ofKind = ({ what, catalog, name, made }: Kind) => `
    select '${what} ' || ${name} as what from pg_catalog.${catalog} o where ${made}
      and not exists (select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass and d.objid = o.oid and d.deptype = 'e')`;

/** Subscriptions are of the whole server, and name their database. */
const SUBSCRIPTIONS = `
    select 'subscription ' || subname from pg_catalog.pg_subscription where subdbid =
      (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`;

/** One column, `what`: kind and name, three at most. */
export const SOMEBODYS_OBJECTS = `
  with ours as (
    select oid from pg_catalog.pg_namespace
    where nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and nspname !~ '^pg_(toast_)?temp_')
  select what from (${[...KINDS.map(ofKind), SUBSCRIPTIONS].join("\n    union all")}
  ) found order by what limit 3`;
