// A workstation's way to the cluster's hub: it holds the address that every client there knows, and adds the token, so
// that none of them needs to know that the hub has moved.
import type { Outcome } from "../../cli/define_script.ts";
import type { ServiceConfig } from "../../config.ts";
import { listen } from "../http/listening.ts";
import { requestRecord } from "../http/log_request.ts";
import type { ServiceIo } from "../service_io.ts";
import { aborted } from "../service_io.ts";
import { forward } from "./forward.ts";
import { isReadable, requireLoopback, upstreamOf } from "./upstream.ts";

export interface ProxyOptions {
  /** As it was typed. */
  readonly url: string;
  readonly service: Pick<ServiceConfig, "token">;
  readonly host: string;
  readonly port: number;
  readonly io: ServiceIo;
}

/** Forwards until the signal is aborted. @throws OpsFailure as upstreamOf, requireLoopback and listen */
export async function runProxy({ url, service: { token }, host, port, io }: ProxyOptions): Promise<Outcome> {
  const upstream = upstreamOf(url);
  requireLoopback(host);
  const server = listen({
    host,
    port,
    log: io.log,
    answer: (request, { mayTakeLong }) => {
      mayTakeLong();
      return forward(request, { upstream, token }, (told) =>
        io.log(requestRecord({ ...told, route: null, bug: undefined })),
      );
    },
  });
  io.log({ level: "info", event: "listening", url: server.url, upstream });
  io.note(`The hub at ${upstream} answers at ${server.url} as well`);
  if (token === null) io.note("No STATE_HUB_TOKEN is set: none is sent along");
  else if (isReadable(upstream)) io.note("The token travels over plain http: whoever is on the way can read it");
  await aborted(io.signal);
  io.log({ level: "info", event: "stopping" });
  await server.stop();
  return { exitCode: 0, document: { url: server.url, upstream, stopped: true }, render: () => "Stopped" };
}
