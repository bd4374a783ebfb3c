// Ids, versions, filters, methods and keys as nobody should send them, to every route that the hub describes. Each gets a
// problem with the right status; nothing is written and nothing of the inside shown.
import { expect, test } from "bun:test";
import { expectSound } from "../support/hostile_answers.ts";
import { hostileScene, outcome, UNKNOWN_ID } from "../support/hostile_scene.ts";

const scene = hostileScene();

test("ids that are unknown, none, or a way out", async () => {
  const ids: readonly (readonly [id: string, status: readonly number[]])[] = [
    [UNKNOWN_ID, [404]],
    [UNKNOWN_ID.toUpperCase(), [404]],
    ["x", [422, 404]],
    ["0", [422, 404]],
    ["%00", [422, 404]],
    ["..%2f..%2fetc%2fpasswd", [422, 404]],
    ["%27%20or%20%271%27=%271", [422, 404]],
    ["1;drop%20table%20tasks", [422, 404]],
    ["%ff%fe", [422, 404]],
    ["%", [422, 404]],
    ["x".repeat(5_000), [422, 404]],
    [`${UNKNOWN_ID}%0d%0aSet-Cookie:a=b`, [422, 404]],
  ];
  for (const route of scene().routes.filter(({ path }) => path.includes("{")))
    for (const [id, wanted] of ids) {
      const valid = route.path.endsWith("/resolve") ? '{"outcome": "x", "resolved_by": "y"}' : "{}";
      const body = route.method === "GET" ? {} : { body: valid };
      const answer = await scene().hub.ask(scene().targetOf(route, id), {
        method: route.method,
        headers: { "content-type": "application/json", "if-match": '"1"' },
        ...body,
      });
      const status = await expectSound(`${route.method} ${route.path} ${id}`, answer);
      expect(outcome(route, id, wanted.includes(status) ? (wanted[0] ?? 0) : status)).toBe(
        outcome(route, id, wanted[0] ?? 0),
      );
      expect(answer.headers.get("set-cookie")).toBeNull();
    }
});

test("versions that are stale, missing or none", async () => {
  for (const route of scene().routes.filter(({ method }) => method === "PATCH")) {
    const tags: readonly (readonly [tag: string | null, status: number])[] = [
      [null, 428],
      ['"0"', 412],
      ['"99999999999"', 412],
      ["1", 422],
      ["*", 422],
      ['W/"1"', 422],
      ['"1" or true', 422],
      [`"${"9".repeat(400)}"`, 422],
    ];
    for (const [tag, status] of tags) {
      const headers = { "content-type": "application/json", ...(tag === null ? {} : { "if-match": tag }) };
      const answer = await scene().hub.ask(scene().targetOf(route), {
        method: "PATCH",
        body: '{"status": "blocked"}',
        headers,
      });
      expect(outcome(route, String(tag), await expectSound(String(tag), answer))).toBe(
        outcome(route, String(tag), status),
      );
    }
  }
});

test("filters that hold SQL, bytes or numbers without measure match nothing, and those that are none are refused", async () => {
  const values = [
    "' OR '1'='1",
    "1; DROP TABLE tasks; --",
    "target' UNION SELECT 1 --",
    "%00",
    "\u0000",
    "-1",
    "1e400",
    "9223372036854775808",
    "0x10",
    "x".repeat(6_000),
    "\\",
    "$(id)",
    "../../etc/passwd",
  ];
  for (const route of scene().routes.filter(({ method, path }) => method === "GET" && !path.includes("{"))) {
    for (const [name, value] of [...route.query, "no_such_filter"].flatMap((each) =>
      values.map((one) => [each, one] as const),
    )) {
      const answer = await scene().hub.ask(`${route.path}?${name}=${encodeURIComponent(value)}`);
      const [copy, sent] = [answer.clone(), `${route.path}?${name}=${value.slice(0, 40)}`];
      const status = await expectSound(sent, answer);
      expect([sent, [200, 422].includes(status)]).toEqual([sent, true]);
      if (status === 200 && route.query.includes("limit"))
        expect([sent, ((await copy.json()) as { items: unknown[] }).items]).toEqual([sent, []]);
    }
    for (const name of route.query)
      expect((await scene().hub.ask(`${route.path}?${name}=a&${name}=b`)).status).toBe(422);
  }
}, 60_000);

test("methods and answers that are not offered", async () => {
  for (const path of new Set(scene().routes.map((route) => scene().targetOf(route)))) {
    for (const method of ["PUT", "DELETE"]) {
      const answer = await scene().hub.ask(path, { method });
      expect(`${method} ${path} ${await expectSound(path, answer)}`).toBe(`${method} ${path} 405`);
      expect(answer.headers.get("allow")).toMatch(/^(GET, HEAD|POST|PATCH)(, (GET, HEAD|POST|PATCH))*$/);
    }
    for (const accept of ["application/xml", "application/x-protobuf", "audio/*"])
      expect(await expectSound(path, await scene().hub.ask(path, { headers: { accept } }))).toBe(406);
  }
  expect(await expectSound("nowhere", await scene().hub.ask("/no/such/route"))).toBe(404);
});

test("idempotency keys that are none", async () => {
  for (const key of ["", "k".repeat(256), "two words", "\u00e4"])
    for (const [path, body] of [
      ["/progress", { event_type: "x" }],
      ["/decisions", { title: "x" }],
    ] as const)
      expect(await expectSound(key, await scene().hub.send("POST", path, body, { "idempotency-key": key }))).toBe(422);
});
