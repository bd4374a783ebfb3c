// Bodies as nobody should send them, to every route that the hub describes: no JSON, too large, too deep, other types. Each
// gets a problem with the right status; nothing is written and nothing of the inside shown.
import { expect, test } from "bun:test";
import { expectSound } from "../support/hostile_answers.ts";
import { hostileScene, outcome } from "../support/hostile_scene.ts";
import type { OfferedRoute } from "../support/offered_routes.ts";

type Sent = NonNullable<RequestInit["body"]>;

const scene = hostileScene();

async function send(route: OfferedRoute, body: Sent, headers: Record<string, string> = {}): Promise<number> {
  const sent = typeof body === "string" ? body.slice(0, 120) : "bytes";
  const answer = await scene().hub.ask(scene().targetOf(route), {
    method: route.method,
    body,
    headers: { "content-type": "application/json", "if-match": '"1"', ...headers },
  });
  return expectSound(`${route.method} ${route.path} ${sent}`, answer);
}

const writing = () => scene().routes.filter(({ method }) => method !== "GET");

test("bodies that are no JSON, no object, too deep, or hold what cannot be kept", async () => {
  const nested = (open: string, close: string) => open.repeat(10_000) + close.repeat(10_000);
  const bodies: readonly (readonly [what: string, body: Sent, status: number])[] = [
    ["half", "{", 400],
    ["words", "status=done", 400],
    ["two", "{} {}", 400],
    ["NaN", '{"title": NaN}', 400],
    ["bytes", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 400],
    ["list", "[]", 422],
    ["text", '"x"', 422],
    ["number", "1e400", 422],
    ["null", "null", 422],
    ["deep list", nested("[", "]"), 422],
    ["deep object", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`, 422],
    ["unknown field", '{"no_such_field": 1}', 422],
    ["__proto__", '{"__proto__": {"status": "done"}}', 422],
    ["constructor", '{"constructor": {"prototype": {}}}', 422],
    ["NUL", '{"title": "a\\u0000b"}', 422],
    ["NUL in a key", '{"a\\u0000": 1}', 422],
    ["half a character", '{"title": "\\ud800"}', 422],
  ];
  for (const route of writing())
    for (const [what, body, status] of bodies)
      expect(outcome(route, what, await send(route, body))).toBe(outcome(route, what, status));
}, 60_000);

test("bodies over 1 MiB, declared or in chunks, and other media types", async () => {
  const large = `{"title": "${"x".repeat(1_048_576)}"}`;
  const chunked = () =>
    new ReadableStream({
      start(controller) {
        for (let at = 0; at < large.length; at += 65_536)
          controller.enqueue(new TextEncoder().encode(large.slice(at, at + 65_536)));
        controller.close();
      },
    });
  for (const route of writing()) {
    expect(outcome(route, "declared", await send(route, large))).toBe(outcome(route, "declared", 413));
    expect(outcome(route, "chunked", await send(route, chunked()))).toBe(outcome(route, "chunked", 413));
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/json; charset=latin1",
      "application/jsonx",
    ])
      expect(outcome(route, type, await send(route, "{}", { "content-type": type }))).toBe(outcome(route, type, 415));
  }
}, 60_000);

test("fields of another type, and numbers without measure, are named in the refusal", async () => {
  for (const route of writing())
    for (const [field, { type }] of Object.entries(route.fields ?? {}))
      for (const value of wrongFor([type].flat())) {
        const answer = await scene().hub.ask(scene().targetOf(route), {
          method: route.method,
          body: `{"${field}": ${value}}`,
          headers: { "content-type": "application/json", "if-match": '"1"' },
        });
        const [copy, sent] = [answer.clone(), `${field}=${value.slice(0, 20)}`];
        expect(outcome(route, sent, await expectSound(sent, answer))).toBe(outcome(route, sent, 422));
        const { errors } = (await copy.json()) as { errors: { at: string }[] };
        expect(errors.map(({ at }) => at)).toContain(`body.${field}`);
      }
}, 60_000);

/** Of a field without a type any value is taken in, to be refused as the file's. */
function wrongFor(types: readonly unknown[]): string[] {
  const values: Readonly<Record<string, string>> = {
    object: "{}",
    array: "[]",
    boolean: "true",
    null: "null",
    string: '"\'; drop table tasks; --"',
  };
  const numbers = ["-1", "1.5", "1e400", "9223372036854775808"];
  const others = Object.entries(values).flatMap(([type, value]) => (types.includes(type) ? [] : [value]));
  const long = types.includes("string") ? [`"${"x".repeat(100_000)}"`] : [];
  return types.includes(undefined) ? [] : [...others, ...numbers, ...long];
}
