// Repositories over HTTP: registered by a path on the hub's machine, as `repo add` does, or by a remote alone, which a sweep
// then reads.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { registerAsked } from "../../../../lib/consistency/commands/register_asked.ts";
import { waitUntil } from "../../../../lib/wait_until.ts";
import { makeRepo, temporaryFolder, workplanText } from "../../../support/git_repo.ts";
import { TEST_HOST } from "../../../support/hub.ts";
import { makeRemote } from "../../../support/remotes.ts";
import { type ServedHub, servedHub } from "../../../support/served_hub.ts";
import type { Page } from "./planted_rows.ts";

let hub: ServedHub;
const folder = temporaryFolder();
beforeAll(async () => {
  hub = await servedHub();
});
afterAll(async () => {
  await hub.close();
  folder.remove();
});

interface Repo {
  readonly id: string;
  readonly slug: string;
}
const register = (body: unknown) => hub.send("POST", "/repos/", body);
const eventsOf = (slug: string) =>
  hub.database.sql`select attributes from outbox where attributes ->> 'repo' = ${slug} order by id`;

describe("POST /repos by a path", () => {
  test("registers the checkout once, as repo add does, and tells of it", async () => {
    const { path } = await makeRepo(folder.path, "by-path");
    const first = await register({ path, domain: "energy" });
    expect([first.status, first.headers.get("location")]).toEqual([201, "/repos/by-path"]);
    const repo = (await first.json()) as Repo;
    expect(repo).toMatchObject({
      slug: "by-path",
      domain: "energy",
      default_branch: "main",
      checkouts: [{ host: TEST_HOST, path }],
    });
    const again = await register({ path });
    expect([again.status, await again.json()]).toEqual([200, repo]);
    expect(await eventsOf("by-path")).toMatchObject([
      { attributes: { repo_id: repo.id, domain: "energy", from: null } },
    ]);
    expect(await (await hub.ask("/repos/by-path")).json()).toEqual(repo);
  });

  test("refuses what is no repository, with nothing written", async () => {
    mkdirSync(join(folder.path, "plain"));
    const broken = await makeRepo(folder.path, "broken");
    rmSync(join(broken.path, ".git/objects"), { recursive: true });
    mkdirSync(join(broken.path, ".git/objects"));
    for (const path of [
      join(folder.path, "plain"),
      broken.path,
      join(folder.path, "nowhere"),
      "relative",
      "/etc/passwd",
    ])
      expect([path, (await register({ path, domain: "never" })).status]).toEqual([path, 422]);
    expect((await hub.ask("/domains?slug=never").then((answer) => answer.json())) as Page<unknown>).toMatchObject({
      items: [],
    });
    expect((await register({ slug: "neither" })).status).toBe(422);
  });
});

describe("POST /repos by a remote alone", () => {
  test("registers it, and a sweep reads it from there", async () => {
    const id = "ALONE-WP-0001";
    const remote = await makeRemote(join(folder.path, "alone-parent"), {
      [`workplans/${id}.md`]: workplanText({ id, tasks: [{ id: `${id}-T01` }] }),
    });
    const answer = await register({ remote_url: `file://${remote.path}`, slug: "alone" });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ slug: "alone", default_branch: null, checkouts: [] });
    const home = join(folder.path, "home");
    mkdirSync(home);
    const { report } = await hub.check(
      { slug: "alone" },
      { remotes: { home, writeBack: true, atOnce: 2, perHost: 2, hubKey: "test" } },
    );
    expect(report).toMatchObject({
      automation_error: null,
      repos_processed: [{ slug: "alone", workplans: { parsed: 1 } }],
    });
    expect(await (await hub.ask("/repos/alone")).json()).toMatchObject({
      default_branch: "main",
      workstreams: 1,
      tasks: 1,
    });
    // A checkout that comes later is of the same one.
    await remote.clone.git("clone", "--quiet", remote.path, join(folder.path, "alone-checkout"));
    const checkout = await register({ path: join(folder.path, "alone-checkout") });
    expect([checkout.status, ((await checkout.json()) as Repo).slug]).toEqual([200, "alone"]);
  });

  test("knows one remote by all its spellings, and brings a removed one back", async () => {
    const { sql } = hub.database;
    expect((await register({ remote_url: "https://example.org/team/thing.git" })).status).toBe(201);
    for (const remote_url of [
      "git@example.org:team/thing",
      "ssh://git@example.org/team/thing.git",
      "https://EXAMPLE.org/team/thing/",
    ]) {
      const answer = await register({ remote_url });
      expect([remote_url, answer.status, ((await answer.json()) as Repo).slug]).toEqual([remote_url, 200, "thing"]);
    }
    expect((await eventsOf("thing")).length).toBe(1);
    await sql`update repos set removed_at = now() where slug = 'thing'`;
    expect((await hub.ask("/repos/thing")).status).toBe(404);
    const back = await register({ remote_url: "git@example.org:team/thing", domain: "energy" });
    expect([back.status, await back.json()]).toMatchObject([200, { slug: "thing", domain: "energy" }]);
    expect((await eventsOf("thing")).map((row) => row.attributes.from)).toEqual([null, "removed"]);
    expect((await register({ remote_url: "git@example.org:team/thing", slug: "other" })).status).toBe(422);
    expect((await register({ remote_url: "https://example.org/else/thing.git" })).status).toBe(422);
  });

  test("gives a remote with a very long name a slug that can be asked for", async () => {
    const answer = await register({ remote_url: `https://example.org/team/${"long-".repeat(60)}.git` });
    const { slug } = (await answer.json()) as Repo;
    expect([answer.status, slug.length]).toEqual([201, 100]);
    expect((await hub.ask(`/repos/${slug}`)).status).toBe(200);
    await hub.database.sql`update repos set removed_at = now() where slug = ${slug}`;
  });

  test("makes one of two that come at once under different names", async () => {
    const remoteUrl = "https://example.org/team/crowd.git";
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = hub.database.transaction(async (tx) => {
      await registerAsked(TEST_HOST)(tx, { path: null, slug: "crowd", domain: null, remoteUrl });
      begun.resolve();
      await ended.promise;
    });
    await begun.promise;
    let answered = false;
    const second = register({ remote_url: remoteUrl, slug: "crowd-2" }).finally(() => {
      answered = true;
    });
    await waitUntil({ forWhat: "the second to wait", deadlineMs: 10_000 }, async () => {
      const waiting = await hub.database.sql`select from pg_locks where relation = 'repos'::regclass and not granted`;
      return answered || waiting.length > 0 ? { found: true } : { seen: "neither waiting nor answered" };
    });
    ended.resolve();
    await first;
    expect((await second).status).toBe(422);
    expect((await eventsOf("crowd")).length).toBe(1);
  });

  test("refuses credentials and other transports, and repeats none of it", async () => {
    const before = (await hub.database.sql`select from repos`).length;
    for (const remote_url of [
      "https://user:hunter2@example.org/a.git",
      "https://hunter2@example.org/a.git",
      "https://example.org/a.git?token=hunter2",
      "https://example.org/a.git#hunter2",
      "ssh://git:hunter2@example.org/a.git",
      "ext::sh -c hunter2",
      "--upload-pack=hunter2",
      "http://example.org/hunter2.git",
      "../hunter2",
      "hunter2://x/y",
    ]) {
      const answer = await register({ remote_url });
      expect([remote_url, answer.status]).toEqual([remote_url, 422]);
      expect((await answer.text()).replace("hunter2://", "")).not.toContain("hunter2");
    }
    expect((await hub.database.sql`select from repos`).length).toBe(before);
    expect(JSON.stringify(hub.log)).not.toContain("hunter2");
  });
});

test("GET /repos gives each registered one once, page by page", async () => {
  const seen: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = await hub.ask(`/repos?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
    const { items, next_cursor } = (await page.json()) as Page<Repo>;
    seen.push(...items.map(({ slug }) => slug));
    cursor = next_cursor;
  }
  expect(seen).toEqual(["crowd", "thing", "alone", "by-path"]);
  expect(((await (await hub.ask("/repos?domain=energy")).json()) as Page<Repo>).items.length).toBe(2);
});
