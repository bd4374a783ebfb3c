// Repositories: which ones the hub knows, and telling it of another one, as `repo add` does.
import { z } from "@hono/zod-openapi";
import type { Reader } from "../../db/handles.ts";
import { isoTime, LIST_QUERY, listOf, pageOf } from "../http/lists.ts";
import { type HubApp, offer } from "../http/offer.ts";
import { ONCE_HEADERS, once } from "../http/once.ts";
import { Problem } from "../http/problem.ts";
import { domainSlug, filePath, name, rowId, slug } from "../http/values.ts";
import type { Hub, RepoRequest } from "../serving_hub.ts";
import { listRepos, type Repo, repoWith } from "./repos_rows.ts";

const REPO = z
  .object({
    id: rowId,
    slug: z.string(),
    domain: z.string().nullable(),
    remote_url: z.string().nullable(),
    default_branch: z.string().nullable().openapi({ description: "null until it was read once" }),
    last_source_commit: z.string().nullable(),
    last_remote_commit: z.string().nullable(),
    checkouts: z.array(z.object({ host: z.string(), path: z.string() })),
    workstreams: z.number().int(),
    tasks: z.number().int(),
    missing_since: isoTime.nullable(),
    created_at: isoTime,
  })
  .openapi("Repo") satisfies z.ZodType<Repo>;

const NEW_REPO = z
  .strictObject({
    slug: slug.optional(),
    path: filePath
      .regex(/^\//, "must be an absolute path")
      .optional()
      .openapi({ description: "A folder of its checkout on the hub's machine" }),
    domain: domainSlug.optional().openapi({ description: "Its slug; created when the hub does not know it" }),
    remote_url: z
      .string()
      .min(1)
      .max(2000)
      .optional()
      .openapi({ description: "Where it is fetched from, without credentials" }),
  })
  .openapi("NewRepo");
const REPO_QUERY = z.strictObject({ ...LIST_QUERY, domain: name.optional() });
const BY_SLUG = z.object({ slug: name });

export function repoRoutes(app: HubApp, hub: Hub): void {
  offerReads(app, hub);
  offerRegistration(app, hub);
}

function offerReads(app: HubApp, { database }: Hub): void {
  offer(
    app,
    {
      method: "get",
      path: "/repos",
      tag: "repos",
      summary: "Registered repositories, newest first",
      query: REPO_QUERY,
      answers: { 200: { says: "A page of them", schema: listOf(REPO, "RepoList") } },
    },
    async ({ query }) => {
      const rows = await listRepos(database.sql, query);
      return { status: 200, body: pageOf(rows, query, ({ created_at }) => created_at) };
    },
  );
  offer(
    app,
    {
      method: "get",
      path: "/repos/{slug}",
      tag: "repos",
      summary: "One repository",
      params: BY_SLUG,
      answers: { 200: { says: "As it is registered", schema: REPO } },
    },
    async ({ params }) => ({ status: 200, body: await registered(database.sql, params.slug) }),
  );
}

function offerRegistration(app: HubApp, { database, registerRepo }: Hub): void {
  offer(
    app,
    {
      method: "post",
      path: "/repos",
      tag: "repos",
      summary: "Registers a repository by a path on the hub's machine, or by its remote alone",
      body: NEW_REPO,
      headers: ONCE_HEADERS,
      answers: {
        200: { says: "It was known; what was given beside is set", schema: REPO },
        201: { says: "It is new; others are told", schema: REPO },
      },
    },
    (asked) =>
      once(database, asked, async (tx) => {
        const { id, outcome } = await registerRepo(tx, requestOf(asked.body));
        const body = await repoWith(tx, { id });
        if (body === null) throw new Error("a repository that was just registered is not there");
        const headers = { location: `/repos/${encodeURIComponent(body.slug)}` };
        return outcome === "new" ? { status: 201, body, headers } : { status: 200, body };
      }),
  );
}

/** @throws Problem 404 */
async function registered(sql: Reader, name: string): Promise<Repo> {
  const row = await repoWith(sql, { slug: name });
  if (row === null) throw new Problem(404, "Not found", { detail: "No repository is registered by that slug" });
  return row;
}

/** @throws Problem 422 when neither way to it is given */
function requestOf({ path, slug, domain, remote_url }: z.output<typeof NEW_REPO>): RepoRequest {
  if (path === undefined && remote_url === undefined)
    throw new Problem(422, "Invalid value", { errors: [{ at: "body", message: "must have path or remote_url" }] });
  return { path: path ?? null, slug: slug ?? null, domain: domain ?? null, remoteUrl: remote_url ?? null };
}
