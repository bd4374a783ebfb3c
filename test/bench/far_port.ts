// A port of a network namespace behind which a server of this machine answers: the namespace has no way to it but a Unix socket.
// So a tunnel's far end finds its hub at home, as on a real host, and only the tunnel itself crosses the line between.
// Usage: far_port.ts SOCKET; prints its port, and ends when its stdin does.
import { createConnection, createServer } from "node:net";
import { join } from "../../lib/ssh/forward_listener.ts";

const [socket = ""] = process.argv.slice(2);
const server = createServer({ noDelay: true }, (client) => join(client, createConnection(socket)));
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as { port: number }).port}\n`);
});
process.stdin.on("end", () => process.exit()).resume();
