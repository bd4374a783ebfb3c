// What the hub offers, described: for programs at /openapi.json, for people at /docs. All of it comes from this machine: a
// hub behind a tunnel has no way to anybody's CDN, and a page that may ask the hub must not run a stranger's script.
import { resolve } from "node:path";
import { type HubApp, offer } from "../http/offer.ts";
import { notFound } from "../http/problem.ts";
import { CONTENT_SECURITY_POLICY, DOCS_PAGE, DOCS_SCRIPT } from "./docs_page.ts";
import { describedBy } from "./openapi_document.ts";

const PACKAGE = resolve(Bun.resolveSync("swagger-ui-dist/package.json", import.meta.dir), "..");

interface Asset {
  readonly mediaType: string;
  /** A file of the package, or a text of ours. */
  readonly content: () => Blob | string;
}

const fromPackage = (name: string) => () => Bun.file(resolve(PACKAGE, name));
const ASSETS: Readonly<Record<string, Asset>> = {
  "swagger-ui.css": { mediaType: "text/css; charset=utf-8", content: fromPackage("swagger-ui.css") },
  "swagger-ui-bundle.js": {
    mediaType: "text/javascript; charset=utf-8",
    content: fromPackage("swagger-ui-bundle.js"),
  },
  "favicon-32x32.png": { mediaType: "image/png", content: fromPackage("favicon-32x32.png") },
  "start.js": { mediaType: "text/javascript; charset=utf-8", content: () => DOCS_SCRIPT },
};
/** A day: they change with the toolkit's version only. Private: they may have been asked for with a token. */
const CACHED = "private, max-age=86400";

const JSON_TEXT = { "content-type": "application/json", "cache-control": "no-cache" } as const;

/** Must come after all other routes: it describes them. */
export function docsRoutes(app: HubApp, version: string): void {
  offer(
    app,
    {
      method: "get",
      path: "/openapi.json",
      tag: "service",
      summary: "This description",
      answers: { 200: { says: "OpenAPI 3.1", schema: null, mediaType: "application/json" } },
    },
    async () => ({ status: 200, body: describedBy(app, version), headers: JSON_TEXT }),
  );
  app.get("/docs", (c) => {
    c.env.matched("/docs");
    return answered("text/html; charset=utf-8", DOCS_PAGE, "no-cache");
  });
  app.get("/docs/:asset", (c) => {
    c.env.matched("/docs/{asset}");
    const name = c.req.param("asset");
    const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
    if (asset === undefined) throw notFound("part of the description", name.slice(0, 80));
    return answered(asset.mediaType, asset.content(), CACHED);
  });
}

function answered(mediaType: string, content: Blob | string, cacheControl: string): Response {
  return new Response(content, {
    headers: {
      "content-type": mediaType,
      "cache-control": cacheControl,
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "referrer-policy": "no-referrer",
    },
  });
}
