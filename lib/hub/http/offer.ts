// How a route is offered: its OpenAPI description and its handler in one place, so that neither can say what the other does
// not do. Handlers see checked values and give back a reply; only here do they meet the web framework.
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { headersNaming } from "./request_names.ts";

export type HubApp = OpenAPIHono<{ Bindings: Serving }>;

/** What comes along with each request. */
export interface Serving {
  readonly requestId: string;
  /** Lets this one request stay quiet for longer than a connection may. */
  readonly mayTakeLong: () => void;
  /** Told which route answers, as it is described: `/tasks/{id}`. */
  readonly matched: (route: string) => void;
}

/** What a route answers. A text goes out as it is; anything else as JSON. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Shape = z.ZodObject;
type Checked<S> = S extends z.ZodType ? z.output<S> : undefined;

export interface Route<P, Q, B> {
  readonly method: "get" | "post" | "patch";
  /** `/tasks/{id}`; works with a last slash too. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Request headers that the handler looks at, for the description. */
  readonly headers?: Readonly<Record<string, HeaderUse>>;
  readonly answers: Readonly<Record<number, Answer>>;
}

/** What a header does. One that is required is asked for by the handler, which says how to come by its value. */
export type HeaderUse = string | { readonly does: string; readonly required: true };

export interface Answer {
  readonly says: string;
  /** null: it is no JSON, or has no body. */
  readonly schema: z.ZodType | null;
  readonly mediaType?: string;
}

export interface Asked<P, Q, B> extends Serving {
  readonly params: Checked<P>;
  readonly query: Checked<Q>;
  readonly body: Checked<B>;
  readonly method: string;
  /** Path and query as they were asked for. */
  readonly target: string;
  /** null where it was not sent. */
  readonly header: (name: string) => string | null;
  /** The body as it came, for its digest. */
  readonly text: () => Promise<string>;
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    hint: z.string().optional(),
    errors: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
    repo: z.string().optional().openapi({ description: "Of a value that a file owns: where that file is" }),
    path: z.string().optional(),
    line: z.number().int().optional(),
    fields: z.array(z.string()).optional(),
    instance: z.string(),
    request_id: z.string(),
  })
  .openapi("Problem");

export function offer<
  P extends Shape | undefined = undefined,
  Q extends Shape | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(app: HubApp, route: Route<P, Q, B>, handle: (asked: Asked<P, Q, B>) => Promise<Reply>): void {
  const { params, query, body, headers } = route;
  const described = createRoute({
    method: route.method,
    path: route.path,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    request: {
      ...(params === undefined ? {} : { params: params as Shape }),
      ...(query === undefined ? {} : { query: query as Shape }),
      ...(headers === undefined ? {} : { headers: headerShape(headers) }),
      ...(body === undefined ? {} : { body: bodyOf(body) }),
    },
    responses: responsesOf(route.answers),
  });
  const valid = (c: Context, part: unknown, from: string): unknown =>
    part === undefined ? undefined : c.req.valid(from as never);
  app.openapi(described, (async (c: Context<{ Bindings: Serving }>) => {
    const { requestId, mayTakeLong, matched } = c.env;
    matched(route.path);
    const reply = await handle({
      requestId,
      mayTakeLong,
      matched,
      params: valid(c, params, "param") as Checked<P>,
      query: valid(c, query, "query") as Checked<Q>,
      body: valid(c, body, "json") as Checked<B>,
      method: c.req.method,
      // Few look at it.
      get target() {
        const { pathname, search } = new URL(c.req.url);
        return `${pathname}${search}`;
      },
      header: (name) => c.req.header(name) ?? null,
      text: () => c.req.text(),
    });
    return responseOf(reply, requestId);
  }) as never);
}

function responseOf({ status, body, headers }: Reply, requestId: string): Response {
  // Named when it is made: to add a header later costs as much as all of them.
  const named = { ...headersNaming(requestId), ...headers };
  if (typeof body === "string" || body === null) return new Response(body, { status, headers: named });
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...named } });
}

/** Required where an empty one is refused: `{}` is what a request without a body counts as. */
function bodyOf(schema: z.ZodType) {
  return { required: !schema.safeParse({}).success, content: { "application/json": { schema } } };
}

function headerShape(headers: Readonly<Record<string, HeaderUse>>): Shape {
  const fields = Object.entries(headers).map(([name, use]) => {
    const { does, required } = typeof use === "string" ? { does: use, required: false } : use;
    return [name, z.string().optional().openapi({ description: does, param: { required } })];
  });
  return z.object(Object.fromEntries(fields));
}

function responsesOf(answers: Readonly<Record<number, Answer>>) {
  const described = Object.entries(answers).map(([status, { says, schema, mediaType = "application/json" }]) => [
    status,
    schema === null && mediaType === "application/json"
      ? { description: says }
      : { description: says, content: { [mediaType]: { schema: schema ?? z.string() } } },
  ]);
  const problem = {
    description: "A problem (RFC 9457)",
    content: { "application/problem+json": { schema: problemSchema } },
  };
  return { ...Object.fromEntries(described), default: problem };
}
