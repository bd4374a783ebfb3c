// The description: complete enough for a program, and a page that works without the internet and can do no harm.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";

let hub: ServedHub;
beforeAll(async () => {
  hub = await servedHub({ version: "1.2.3" });
});
afterAll(() => hub.close());

interface Operation {
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
  readonly parameters?: readonly { readonly name: string; readonly required: boolean }[];
}

interface Description {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly servers: readonly object[];
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly object[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: object; readonly schemas: Readonly<Record<string, object>> };
}

const described = async () => (await (await hub.ask("/openapi.json")).json()) as Description;

describe("GET /openapi.json", () => {
  test("is OpenAPI 3.1, with where the hub is, who may ask, and every reference there", async () => {
    const answer = await hub.ask("/openapi.json");
    expect(answer.headers.get("content-type")).toBe("application/json");
    const document = (await answer.json()) as Description;
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { title: "State Hub", version: "1.2.3" },
      servers: [{ url: "/" }],
      security: [{ bearer: [] }, {}],
      components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
    });
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(5);
    expect(references.filter(([, name = ""]) => !(name in document.components.schemas))).toEqual([]);
  });

  test("has every route with a summary, a tag, and the shape of its problems; paths without a last slash", async () => {
    const { paths } = await described();
    expect(Object.keys(paths)).toContain("/decisions/{id}/resolve");
    expect(Object.keys(paths).filter((path) => path !== "/" && path.endsWith("/"))).toEqual([]);
    for (const [path, operations] of Object.entries(paths))
      for (const [method, operation] of Object.entries(operations)) {
        expect({ path, method, operation }).toMatchObject({
          operation: { summary: expect.any(String), tags: [expect.any(String)], responses: { default: {} } },
        });
      }
  });

  test("says what a change must carry: the version that was read, and a day as a day", async () => {
    const { paths, components } = await described();
    for (const path of ["/tasks/{id}", "/workstreams/{id}"]) {
      const { parameters = [] } = paths[path]?.patch ?? {};
      const required = parameters.flatMap(({ name, required }) => (required ? [name] : []));
      expect([path, required]).toEqual([path, ["id", "if-match"]]);
    }
    expect(components.schemas.TaskChange).toMatchObject({ properties: { completed: { format: "date" } } });
  });

  test("says of an id that may be null that it may", async () => {
    const { schemas } = (await described()).components;
    const nullable = { type: ["string", "null"], format: "uuid" };
    const two = { workstream_id: nullable, task_id: nullable };
    expect(schemas).toMatchObject({
      Decision: { properties: { repo_id: nullable, ...two, id: { type: "string", format: "uuid" } } },
      ProgressEvent: { properties: two },
      TokenEvent: { properties: two },
    });
  });

  test("says what each tag is about, and has none without a route", async () => {
    const { tags, paths } = await described();
    const used = Object.values(paths).flatMap((path) => Object.values(path).flatMap((operation) => operation.tags));
    expect(tags.map(({ name }) => name).sort()).toEqual([...new Set(used)].sort());
  });

  test("says that health and metrics ask for no token, and nothing else", async () => {
    const { paths } = await described();
    const open = Object.entries(paths).filter(([, operations]) =>
      Object.values(operations).some(({ security }) => security?.length === 0),
    );
    expect(open.map(([path]) => path).toSorted()).toEqual(["/metrics", "/state/health"]);
  });
});

describe("GET /docs", () => {
  test("is a page that loads everything from this hub, with and without its last slash", async () => {
    for (const path of ["/docs", "/docs/"]) {
      const answer = await hub.ask(path);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      const page = await answer.text();
      const loads = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = ""]) => url);
      expect(loads.length).toBe(4);
      for (const url of loads) {
        const part = await hub.ask(url);
        expect({ url, status: part.status }).toEqual({ url, status: 200 });
        expect((await part.bytes()).length).toBeGreaterThan(100);
        expect(part.headers.get("cache-control")).toContain("max-age");
      }
    }
  });

  test("may run no script of its own text and none of anybody else, and asks nobody but its hub", async () => {
    const answer = await hub.ask("/docs");
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(await answer.text()).not.toMatch(/<script>|<style|onload=|https?:/);
    const script = await (await hub.ask("/docs/start.js")).text();
    expect(script).toContain('url: "/openapi.json"');
    // Unless told not to, the page sends the description's address to a service on the internet.
    expect(script).toContain("validatorUrl: null");
  });

  test("gives out the files that it needs and no other", async () => {
    const names = [
      "package.json",
      "index.html",
      "swagger-ui.js.map",
      "..%2fpackage.json",
      "constructor",
      "__proto__",
      "%00",
    ];
    for (const name of names) expect((await hub.ask(`/docs/${name}`)).status).toBe(404);
  });
});
