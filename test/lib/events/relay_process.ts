// A relay in a process of its own, to be killed. Arguments: the database's URL, NATS_URL (empty for none), and what to do
// beside relaying: `tell-modules` prints whether the client was loaded and ends, `hold-commit` never commits what it sent. Else it prints how it stands.
import { type Database, openDatabase } from "../../../lib/db/connect.ts";
import { startRelay } from "../../../lib/events/relay.ts";
import { Secret } from "../../../lib/secret.ts";

const [, , databaseUrl = "", natsUrl = "", extra = ""] = process.argv;

const database = await openDatabase({
  url: new Secret(databaseUrl),
  applicationName: "test-relay",
  access: "read-write",
});
const told = Promise.withResolvers<void>();
const relay = startRelay({
  database: extra === "hold-commit" ? holdingCommit(database) : database,
  natsUrl: natsUrl === "" ? null : new Secret(natsUrl),
  log: ({ event }) => {
    told.resolve();
    if (extra !== "tell-modules") process.stdout.write(`${event}\n`);
  },
});
if (extra === "tell-modules") {
  await told.promise;
  await relay.stop();
  await database.close();
  process.stdout.write(JSON.stringify(Object.keys(require.cache).some((path) => path.includes("/node_modules/nats/"))));
}

function holdingCommit(real: Database) {
  return {
    get sql() {
      return real.sql;
    },
    listen: real.listen.bind(real),
    transaction: <T>(work: (tx: Parameters<Parameters<Database["transaction"]>[0]>[0]) => Promise<T>) =>
      real.transaction(async (tx) => {
        await work(tx);
        process.stdout.write("published\n");
        return await new Promise<T>(() => {});
      }),
  };
}
