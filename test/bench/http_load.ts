// Many clients that each send a request, wait for its answer and send the next, over connections of their own. Run as a
// process of its own: inside the benchmark it would measure the benchmark. It writes HTTP by hand, because `fetch` costs
// more than the servers that are measured.
import { percentile } from "./measure.ts";

export interface Ask {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  /** The only status that counts as an answer. */
  readonly status: number;
}

export interface LoadJob {
  /** http://HOST:PORT */
  readonly url: string;
  readonly clients: number;
  /** Sent before the measured ones, of the same kind. */
  readonly warmUp: number;
  readonly requests: number;
  /** In turn. */
  readonly asks: readonly Ask[];
}

/** Milliseconds. */
export interface LoadResult {
  /** From the first measured request to the last answer. */
  readonly ms: number;
  readonly p50: number;
  readonly p99: number;
}

const HEADERS_END = Buffer.from("\r\n\r\n");

/** @throws Error for an answer with another status than expected, or a connection that closed */
export async function runLoad(job: LoadJob): Promise<LoadResult> {
  const { hostname, port } = new URL(job.url);
  const asks = job.asks.map((ask) => ({ bytes: bytesOf(ask, `${hostname}:${port}`), ask }));
  const total = job.warmUp + job.requests;
  const took: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let [sent, answered, started] = [0, 0, 0];
  const client = async () => {
    let [began, current] = [0, asks[0]];
    const answers = answersOf((status) => {
      if (status !== current?.ask.status) throw new Error(`${current?.ask.method} ${current?.ask.path}: ${status}`);
      if (answered++ >= job.warmUp) took.push(performance.now() - began);
      if (answered === job.warmUp) started = performance.now();
      if (answered === total) resolve();
    });
    const next = (socket: Bun.Socket) => {
      if (sent === total) return;
      current = asks[sent++ % asks.length];
      began = performance.now();
      socket.write(current?.bytes ?? "");
    };
    const data = (socket: Bun.Socket, chunk: Buffer) => {
      try {
        if (answers(chunk)) next(socket);
      } catch (error) {
        reject(error);
      }
    };
    const close = () => reject(new Error(`a connection closed after ${answered} of ${total} answers`));
    const socket = await Bun.connect({ hostname, port: Number(port), socket: { data, close, open: next } });
    await promise;
    return socket;
  };
  if (job.warmUp === 0) started = performance.now();
  await Promise.all(Array.from({ length: job.clients }, client));
  return { ms: performance.now() - started, p50: percentile(took, 50), p99: percentile(took, 99) };
}

function bytesOf({ method, path, body }: Ask, host: string): Buffer {
  const about =
    body === undefined ? [] : ["content-type: application/json", `content-length: ${Buffer.byteLength(body)}`];
  return Buffer.from([`${method} ${path} HTTP/1.1`, `host: ${host}`, ...about, "", body ?? ""].join("\r\n"));
}

/** Collects answers from what arrives. @returns a function that says whether a whole one is there now */
function answersOf(onAnswer: (status: number) => void): (chunk: Buffer) => boolean {
  let held: Buffer | null = null;
  return (chunk) => {
    const all: Buffer = held === null ? chunk : Buffer.concat([held, chunk]);
    const end = all.indexOf(HEADERS_END);
    const head = end === -1 ? "" : all.toString("latin1", 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (end !== -1 && Number.isNaN(length)) throw new Error(`an answer without its length: ${head}`);
    if (end === -1 || all.length < end + HEADERS_END.length + length) {
      // The chunk's memory is the socket's own.
      held = Buffer.from(all);
      return false;
    }
    held = null;
    onAnswer(Number(head.slice(9, 12)));
    return true;
  };
}

if (import.meta.main) {
  process.stdout.write(JSON.stringify(await runLoad(JSON.parse(process.argv[2] ?? "") as LoadJob)));
  process.exit(0);
}
