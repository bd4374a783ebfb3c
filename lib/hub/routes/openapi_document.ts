// The description as one document: the routes as they were offered, and what holds for all of them: where the hub is, who
// may ask, what the parts are.
import { OPEN_PATHS } from "../http/guard.ts";
import type { HubApp } from "../http/offer.ts";

/** What a tag is about; each route names one of these. */
const TAGS: Readonly<Record<string, string>> = {
  state: "Whether the hub can work, which one it is, and how everything stands",
  repos: "Repositories whose workplans the hub follows",
  workstreams: "Workplans, as they are in the files",
  tasks: "Tasks, as they are in the files",
  decisions: "What somebody has to settle before work goes on",
  "domain-goals": "What a domain is to reach",
  progress: "What happened, the sweeps' reports among it",
  "token-events": "What work has cost",
  vocabulary: "Domains and topics: the words that files sort plans by",
  findings: "What the checks found",
  "activity-runs": "Whether scheduled activities fired, and what came of it",
  consistency: "Sweeps on request",
  service: "The hub as a service: its metrics and this description",
};

const texts = new WeakMap<HubApp, string>();

/** @returns OpenAPI 3.1 as JSON, made once for each application */
export function describedBy(app: HubApp, version: string): string {
  const known = texts.get(app);
  if (known !== undefined) return known;
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "STATE_HUB_TOKEN; a hub on loopback asks for none",
  });
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "State Hub",
      version,
      description:
        "Lists are {items, next_cursor}, newest first. Failures are problem details (RFC 9457). A path works with and without its last slash.",
    },
    servers: [{ url: "/", description: "This hub" }],
    security: [{ bearer: [] }, {}],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  });
  const text = JSON.stringify({ ...document, paths: openPathsMarked(document.paths ?? {}) });
  texts.set(app, text);
  return text;
}

/** Probes and scrapers have no token. */
function openPathsMarked(paths: Readonly<Record<string, object>>): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      OPEN_PATHS.has(path)
        ? Object.fromEntries(
            Object.entries(item).map(([method, operation]) => [method, { ...operation, security: [] }]),
          )
        : item,
    ]),
  );
}
