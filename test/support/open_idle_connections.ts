// The program of idle_connections.ts: it opens connections, keeps them, and tells how many are left when it is asked.
// Usage: bun test/support/open_idle_connections.ts HOST PORT COUNT
import { forEachAtMost } from "../../lib/pool.ts";

async function main([hostname = "", port = "", count = ""]: readonly string[]): Promise<void> {
  let open = 0;
  const connect = async () => {
    await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        data: () => {},
        close: () => {
          open--;
        },
      },
    });
    open++;
  };
  await forEachAtMost(Array.from({ length: Number(count) }), 200, connect);
  process.stdout.write(`${open}\n`);
  for await (const _ of process.stdin) process.stdout.write(`${open}\n`);
}

if (import.meta.main) await main(process.argv.slice(2));
