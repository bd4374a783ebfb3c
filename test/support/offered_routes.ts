// The routes of a served hub, from its own description: a test over these meets each one, also one that came yesterday.
import type { ServedHub } from "./served_hub.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
}

export interface OfferedRoute {
  readonly method: "GET" | "POST" | "PATCH";
  /** `/tasks/{id}`. */
  readonly path: string;
  readonly query: readonly string[];
  /** Of its body; null where it takes none. */
  readonly fields: Readonly<Record<string, Field>> | null;
}

/** A part of a JSON Schema. */
export interface Field {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: { readonly "application/json": { readonly schema: { readonly $ref: string } } };
  };
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties?: Readonly<Record<string, Field>> }>>;
  };
}

export async function offeredRoutes(hub: ServedHub): Promise<OfferedRoute[]> {
  const { paths, components } = (await (await hub.ask("/openapi.json")).json()) as Description;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [], requestBody }]) => {
      const schema = requestBody?.content["application/json"].schema.$ref.split("/").at(-1);
      const fields = schema === undefined ? null : (components.schemas[schema]?.properties ?? {});
      const query = parameters.filter((each) => each.in === "query").map(({ name }) => name);
      return { method: method.toUpperCase() as OfferedRoute["method"], path, query, fields };
    }),
  );
}
