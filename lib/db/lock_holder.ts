// How a connection that holds locks says whose it is: by its application_name, which pg_stat_activity shows to every
// role. Without it a run that finds a lock taken could only say that somebody has it.

export interface Holder {
  /** What started the run: `local-timer`, `manual`. */
  readonly source: string;
  readonly host: string;
  readonly pid: number;
}

const MARK = "state-hub-lock";
// NAMEDATALEN - 1 bytes: PostgreSQL cuts the rest off, and shows `?` for what is not printable ASCII.
const LONGEST = 63;

/** `state-hub-lock local-timer 4711 host.example`: the host stands last, because it is what may be cut. */
export function holderName({ source, host, pid }: Holder): string {
  return `${MARK} ${oneWord(source)} ${pid} ${oneWord(host)}`.slice(0, LONGEST);
}

/** The holder whose name this is; null for any other connection's. */
export function readHolder(name: string): Holder | null {
  const [, source, pid, host] = name.match(/^state-hub-lock (\S+) (\d+) (\S+)$/) ?? [];
  return source === undefined || host === undefined ? null : { source, host, pid: Number(pid) };
}

function oneWord(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, "?") || "?";
}
