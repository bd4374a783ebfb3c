// A database's URL as the variables that pg_dump, pg_restore and psql read: on their command line every user of the
// machine could read the password.
import type { Secret } from "../../secret.ts";

/** How our connections are called in pg_stat_activity. */
export const APPLICATION_NAME = "backup_restore_drill";

// Parameters of a URL that have a variable (PostgreSQL 15 to 18, "Environment Variables" of libpq).
const VARIABLE_OF: Readonly<Record<string, string>> = {
  host: "PGHOST",
  hostaddr: "PGHOSTADDR",
  port: "PGPORT",
  user: "PGUSER",
  password: "PGPASSWORD",
  dbname: "PGDATABASE",
  passfile: "PGPASSFILE",
  channel_binding: "PGCHANNELBINDING",
  connect_timeout: "PGCONNECT_TIMEOUT",
  sslmode: "PGSSLMODE",
  sslnegotiation: "PGSSLNEGOTIATION",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslrootcert: "PGSSLROOTCERT",
  sslcrl: "PGSSLCRL",
  sslcrldir: "PGSSLCRLDIR",
  sslsni: "PGSSLSNI",
  ssl_min_protocol_version: "PGSSLMINPROTOCOLVERSION",
  ssl_max_protocol_version: "PGSSLMAXPROTOCOLVERSION",
  requirepeer: "PGREQUIREPEER",
  require_auth: "PGREQUIREAUTH",
  gssencmode: "PGGSSENCMODE",
  krbsrvname: "PGKRBSRVNAME",
  gsslib: "PGGSSLIB",
  target_session_attrs: "PGTARGETSESSIONATTRS",
};

// No setting of the server: said by us already (the name, how a lost host is noticed), of libpq without a variable, or of
// the toolkit's own driver (`defaults` in postgres.js).
const NO_SETTING =
  /^(application_name|fallback_application_name|options|ssl|sslpassword|keepalives(_.*)?|tcp_user_timeout|max|max_lifetime|max_pipeline|idle_timeout|backoff|keep_alive|prepare|debug|fetch_types|publications)$/;

/**
 * @param env what programs may see of ours: environmentForPrograms()
 * @returns all of it, with the PG variables of the URL, and messages in English (LC_ALL=C), which are read by us
 */
export function libpqEnvironment(url: Secret, env: Record<string, string>): Record<string, string> {
  const parsed = new URL(url.reveal());
  const variables: Record<string, string> = {
    PGHOST: decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, "$1") || "localhost",
    PGUSER: decodeURIComponent(parsed.username),
    PGPASSWORD: decodeURIComponent(parsed.password),
    PGPORT: parsed.port,
    PGDATABASE: decodeURIComponent(parsed.pathname.slice(1)),
    PGOPTIONS: optionsOf(parsed.searchParams),
    PGSSLMODE: sslMode(parsed.searchParams),
    PGCONNECT_TIMEOUT: "30",
    PGAPPNAME: APPLICATION_NAME,
  };
  for (const [name, value] of parsed.searchParams) {
    const variable = VARIABLE_OF[name];
    if (variable !== undefined) variables[variable] = value;
  }
  const given = Object.entries(variables).filter(([, value]) => value !== "");
  return { ...env, ...Object.fromEntries(given), LC_ALL: "C" };
}

/**
 * The same for a restore, which must be able to write whatever the role or the database sets for its sessions.
 * @param silent the restored event triggers do not fire on what is restored after them (REFRESH): a superuser may ask for that
 */
export function restoreEnvironment(url: Secret, env: Record<string, string>, silent = false): Record<string, string> {
  const { PGOPTIONS = "", ...others } = libpqEnvironment(url, env);
  const options = ["default_transaction_read_only=off", ...(silent ? ["session_replication_role=replica"] : [])];
  return { ...others, PGOPTIONS: [PGOPTIONS, ...options.map((each) => `-c ${each}`)].join(" ").trim() };
}

// libpq takes ssl=true for sslmode=require ("for improved JDBC compatibility", conninfo_uri_parse_params); postgres.js
// has its modes under this name.
function sslMode(parameters: URLSearchParams): string {
  const ssl = parameters.get("ssl") ?? "";
  if (ssl === "" || ssl === "false") return "";
  return /^(disable|allow|prefer|require|verify-ca|verify-full)$/.test(ssl) ? ssl : "require";
}

/** What libpq does not know is a setting of the server, as it is for the toolkit's own connections: lock_timeout=60000. */
function optionsOf(parameters: URLSearchParams): string {
  const settings = [...parameters]
    .filter(([name]) => VARIABLE_OF[name] === undefined && !NO_SETTING.test(name))
    .map(([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, "\\$&")}`);
  return [parameters.get("options") ?? "", ...settings].filter(Boolean).join(" ");
}

/**
 * For `--dbname`: the database is in the environment, this adds what has no variable there. A host that is lost without a
 * word is noticed after 25 to 35 s, as by the toolkit's own connections; an unanswered one would be waited for for hours.
 */
export const NOTICES_LOST_SERVER =
  "keepalives=1 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=30000";
