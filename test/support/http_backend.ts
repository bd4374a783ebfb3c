// One request to git's own smart HTTP server, `git http-backend`, run as the CGI program that it is. Bodies stream both
// ways: a push may be larger than what anybody wants to hold.
import { environmentForPrograms } from "../../lib/config.ts";
import { endGroup } from "../../lib/process/run.ts";
import { streamOf } from "./stream_of.ts";

const END_OF_HEAD = "\r\n\r\n";

export interface Served {
  /** Folder below which every repository is served. */
  readonly root: string;
  /** Whoever is logged in; a push needs somebody. */
  readonly user: string;
}

/** What git answers. The program ends with the request, also when the client goes away. */
export async function answerOfGit(request: Request, { root, user }: Served): Promise<Response> {
  const child = Bun.spawn(["git", "http-backend"], {
    env: { ...environmentForPrograms(), ...cgiVariables(request), GIT_PROJECT_ROOT: root, REMOTE_USER: user },
    stdin: request.body ?? "ignore",
    stdout: "pipe",
    stderr: "ignore",
    detached: true,
  });
  request.signal.addEventListener("abort", () => endGroup(child.pid));
  const { head, body } = await splitHead(child.stdout);
  const headers = new Headers();
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = Number.parseInt(headers.get("status") ?? "200", 10);
  headers.delete("status");
  return new Response(body, { status, headers });
}

/** RFC 3875 section 4.1, as far as git-http-backend(1) reads it. */
function cgiVariables({ url, method, headers }: Request): Record<string, string> {
  const { pathname, search } = new URL(url);
  const given: Record<string, string | null> = {
    CONTENT_TYPE: headers.get("content-type"),
    CONTENT_LENGTH: headers.get("content-length"),
    HTTP_CONTENT_ENCODING: headers.get("content-encoding"),
    HTTP_GIT_PROTOCOL: headers.get("git-protocol"),
  };
  return {
    REQUEST_METHOD: method,
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.slice(1),
    REMOTE_ADDR: "127.0.0.1",
    GIT_HTTP_EXPORT_ALL: "1",
    // As on the far side of ssh: the settings of whoever runs the tests belong to neither side.
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as Record<string, string>),
  };
}

/** The program's header lines, and the rest of its output as it comes. */
async function splitHead(output: ReadableStream<Uint8Array>): Promise<{ head: string; body: ReadableStream }> {
  const chunks = output[Symbol.asyncIterator]();
  let seen = Buffer.alloc(0);
  let end = -1;
  while (end === -1) {
    const { done, value } = await chunks.next();
    if (done) break;
    seen = Buffer.concat([seen, value]);
    end = seen.indexOf(END_OF_HEAD);
  }
  const body = end === -1 ? [] : [seen.subarray(end + END_OF_HEAD.length)];
  return { head: seen.subarray(0, end === -1 ? seen.length : end).toString(), body: streamOf(rest(body, chunks)) };
}

async function* rest(
  first: readonly Uint8Array[],
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* first.filter(({ length }) => length > 0);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}
