// What pg_dump, pg_restore and age say when something stands in their way, and the same for whoever has to mend it: what it
// is and what to type. One row a trouble; the first that matches counts.
import { shellQuoted } from "../../shell_quoted.ts";

export interface TroubleContext {
  /** File or folder that is written to or read from. */
  readonly path: string;
  /** The role that connects, as SQL has it: for a GRANT. */
  readonly role: string;
  readonly lockWaitMs: number;
}

export interface Words {
  readonly observed: string;
  readonly hint?: string;
  /** Ask the server who holds the lock. */
  readonly lock?: { readonly table: string | null };
}

interface Trouble {
  readonly pattern: RegExp;
  readonly words: (match: RegExpExecArray, context: TroubleContext, text: string) => Words;
}

// Messages of PostgreSQL 15 to 18 in English, which LC_ALL=C gives for the programs' own; a server may speak another
// language (lc_messages), then its own words are all there is.
const TROUBLES: readonly Trouble[] = [
  {
    pattern: /server version: (\S+)[^;]*; pg_dump version: (\S+)/,
    words: ([, server, client]) => ({
      observed: `pg_dump ${client} is older than the server, ${server}`,
      hint: `apt-get install postgresql-client-${Number.parseInt(server ?? "", 10)}`,
    }),
  },
  {
    pattern: /unsupported version \(([\d.]+)\) in file header/,
    words: ([, format]) => ({
      observed: `this pg_restore is older than the pg_dump that wrote the archive (format ${format})`,
      hint: "apt-cache search --names-only postgresql-client",
    }),
  },
  {
    pattern: /canceling statement due to (?:statement|lock) timeout|could not obtain lock on relation "(.+)"/,
    words: ([, table], { lockWaitMs }) => ({
      observed: `a lock was held for ${lockWaitMs / 1000} s`,
      hint: "end what holds the lock, or give it more time with --lock-wait",
      lock: { table: table ?? null },
    }),
  },
  {
    pattern: /permission denied for (table|sequence|view|materialized view|foreign table|schema|large object) (.+)/,
    words: ([, kind = "", name = ""], { role }, text) => ({
      observed: `no right to read ${kind} ${qualified(kind, name, text)}`,
      hint: grant(kind, qualified(kind, name, text), role),
    }),
  },
  {
    pattern: /query would be affected by row-level security policy for table "(.+)"/,
    words: ([, table], { role }) => ({
      observed: `row security hides rows of table ${table} from role ${role}`,
      hint: `ALTER ROLE ${role} BYPASSRLS`,
    }),
  },
  {
    pattern: /(?:ERROR|FATAL|PANIC): +((?:.*: )?No space left on device)/,
    words: ([, said]) => ({ observed: `the server's disk is full (${said})`, hint: "df -h" }),
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    words: ([said], { path }) => ({
      observed: `${said}`.toLowerCase(),
      hint: `df -h ${shellQuoted(path.replace(/\/[^/]*$/, "") || "/")}`,
    }),
  },
  {
    pattern: /invalid snapshot identifier|could not import the requested snapshot|snapshot "[^"]*" does not exist/,
    words: () => ({ observed: "the snapshot ended while it was dumped: the session that held it is gone" }),
  },
  {
    pattern:
      /(?:password authentication failed|no pg_hba\.conf entry|no password supplied|role "[^"]*" does not exist).*/,
    words: ([said = ""]) => ({ observed: `the server does not let us in: ${said}` }),
  },
  {
    pattern: /too many clients already|remaining connection slots|too many connections for/,
    words: () => ({ observed: "the server has no connection left", hint: "take fewer of them with --jobs 1" }),
  },
  {
    pattern:
      /server closed the connection unexpectedly|terminating connection due to|the database system is (?:shutting down|starting up|in recovery)|Connection refused|Connection timed out|timeout expired|Connection reset by peer|SSL SYSCALL error|no connection to the server|could not (?:receive data from|send data to) (?:the )?server|could not translate host name/,
    words: ([said = ""]) => ({
      observed: `the server was restarted, stopped or lost (${said.trim()})`,
      hint: "see that it answers (pg_isready), then begin anew",
    }),
  },
  {
    pattern: /out of shared memory/,
    words: () => ({
      observed: "the server has no room for so many locks at once",
      hint: "ALTER SYSTEM SET max_locks_per_transaction = 1024, then restart the server",
    }),
  },
  {
    pattern: /^age: (?:error|warning): (?!.*broken pipe)(.*)$/im,
    words: ([, said = ""]) => ({ observed: `age: ${said}` }),
  },
  {
    pattern:
      /input file (?:is too short|does not appear to be a valid archive|appears to be a text format dump).*|could not read from input file: .*|unexpected end of file|did not find magic string.*|could not find block ID.*|corrupt tar header.*|(?:could not uncompress data|could not decompress).*|found unexpected block ID.*|(?<=error: )could not (?:open|read|close|read from) (?:data |TOC |input )?file.*/,
    words: ([said = ""], { path }) => ({
      observed: `the archive cannot be read: ${said}`,
      hint: `ls -l ${shellQuoted(path)}`,
    }),
  },
  {
    pattern: /no matching tables were found(?: for pattern "(.+)")?/,
    words: ([, name]) => ({ observed: `there is no table ${name ?? "of these"} in the snapshot` }),
  },
  {
    pattern: /extension "(.+)" is not available|could not open extension control file/,
    words: ([said, name]) => ({
      observed: name === undefined ? `${said}` : `extension ${name} is not installed beside the server restored into`,
      hint:
        name === undefined
          ? "select * from pg_available_extensions"
          : `apt-cache search postgresql | grep -i ${shellQuoted(name)}`,
    }),
  },
  {
    pattern: /: ([^:\n]+): command not found|: ([^:\n]+): No such file or directory$/m,
    words: ([, program, path]) => ({ observed: `${program ?? path} is not there` }),
  },
];

/** null: nothing that is known. */
export function knownTrouble(text: string, context: TroubleContext): Words | null {
  for (const { pattern, words } of TROUBLES) {
    const match = pattern.exec(text);
    if (match !== null) return words(match, context, text);
  }
  return null;
}

/** The server leaves the schema out; the statement that pg_dump adds has it. */
function qualified(kind: string, name: string, text: string): string {
  if (kind === "schema" || kind === "large object") return name;
  const statement = /Query was: .*/s.exec(text)?.[0] ?? "";
  const quoted = identifier(name);
  const escaped = quoted.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(String.raw`(?:"(?:[^"]|"")+"|[\w$]+)\.${escaped}(?![\w$"])`).exec(statement)?.[0] ?? quoted;
}

/** As format('%I') has it, but for words that SQL reserves. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function grant(kind: string, name: string, role: string): string {
  if (kind === "schema") return `GRANT USAGE ON SCHEMA ${name} TO ${role}`;
  const what = kind === "sequence" ? "SEQUENCE" : kind === "large object" ? "LARGE OBJECT" : "TABLE";
  return `GRANT SELECT ON ${what} ${name} TO ${role}, or for all: GRANT pg_read_all_data TO ${role}`;
}
