// The connection that a store on another host uses: opened when it is needed, opened anew after it was lost, and once more,
// for some seconds, to tidy up after a run was told to stop. Without that last one every Ctrl-C would leave half a backup.
import { connectSsh, type SshConnection } from "../../ssh/connect.ts";
import { resolveHost, type SshHost } from "../../ssh/resolve_host.ts";
import { openSftp, type Sftp } from "../../ssh/sftp.ts";
import type { StoreOptions } from "./store.ts";
import type { StoreTarget } from "./store_target.ts";

const STALLED_MS = 30_000;
/** A run that is told to stop has 10 s in all. */
const TIDY_MS = 6_000;
const TIDY_CONNECT_MS = 4_000;

interface Opened {
  readonly connection: SshConnection;
  readonly sftp: Sftp;
}

/** @throws OpsFailure when the host's name or the ssh configuration is not usable */
export async function sftpSession(
  { host, user, port }: StoreTarget & { kind: "sftp" },
  options: StoreOptions,
): Promise<SftpSession> {
  const { env, stateHubHome, signal } = options;
  const given = { ...(user === null ? {} : { user }), ...(port === null ? {} : { port }) };
  const found = await resolveHost({ host, ...given, env, stateHubHome, ...(signal === undefined ? {} : { signal }) });
  return new SftpSession(found, options);
}

/** A connection that is made again when it breaks. */
export class SftpSession {
  readonly host: SshHost;
  readonly #options: StoreOptions;
  #current: Promise<Opened> | null = null;

  constructor(host: SshHost, options: StoreOptions) {
    this.host = host;
    this.#options = options;
  }

  async use<T>(work: (sftp: Sftp) => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    try {
      return await work((await this.#present()).sftp);
    } catch (fault) {
      signal?.throwIfAborted();
      throw fault;
    }
  }

  /** The same after an abort, too. */
  async tidy<T>(work: (sftp: Sftp) => Promise<T>): Promise<T> {
    if (!this.#options.signal?.aborted) return this.use(work);
    const own = await this.#open({ signal: AbortSignal.timeout(TIDY_MS), deadlineMs: TIDY_CONNECT_MS });
    try {
      return await work(own.sftp);
    } finally {
      own.connection.close();
    }
  }

  async close(): Promise<void> {
    const last = await this.#current?.catch(() => null);
    last?.connection.close();
  }

  /** One after the other, so that two who find it lost open one between them. */
  #present(): Promise<Opened> {
    const before = this.#current;
    const next = async () => {
      const opened = await before?.catch(() => null);
      if (opened && !opened.sftp.lost.aborted) return opened;
      opened?.connection.close();
      const { signal } = this.#options;
      return this.#open(signal === undefined ? {} : { signal });
    };
    this.#current = next();
    return this.#current;
  }

  async #open(until: { readonly signal?: AbortSignal; readonly deadlineMs?: number }): Promise<Opened> {
    const { env, stalledAfterMs = STALLED_MS } = this.#options;
    const connection = await connectSsh({ host: this.host, env, ...until });
    try {
      return { connection, sftp: await openSftp(connection, { stalledAfterMs }) };
    } catch (fault) {
      connection.close();
      throw fault;
    }
  }
}
