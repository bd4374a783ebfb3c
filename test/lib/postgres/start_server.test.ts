import { expect, test } from "bun:test";
import { environmentForPrograms } from "../../../lib/config.ts";
import { findBinaries } from "../../../lib/postgres/binaries.ts";
import { findCluster } from "../../../lib/postgres/cluster.ts";
import { deadlineIn } from "../../../lib/postgres/deadline.ts";
import { freePort } from "../../../lib/postgres/free_port.ts";
import { layoutOf } from "../../../lib/postgres/layout.ts";
import { serverUser } from "../../../lib/postgres/server_user.ts";
import { startServer } from "../../../lib/postgres/start_server.ts";
import { removeHome } from "../../support/embedded_home.ts";
import { preparedHome } from "../../support/prepared_home.ts";

const env = environmentForPrograms();

test("startServer() takes another port when somebody got the chosen one first", async () => {
  const home = await preparedHome();
  const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  try {
    const layout = layoutOf(home);
    const user = serverUser(findCluster(layout)?.owner ?? null);
    const binaries = await findBinaries({ layout, user, env });
    const said: string[] = [];
    const ports = [taken.port, freePort()];
    const choosePort = () => ports.shift() ?? freePort();
    const progress = (message: string) => said.push(message);
    const { port } = await startServer({
      layout,
      user,
      binaries,
      env,
      deadline: deadlineIn(60_000),
      choosePort,
      progress,
    });
    expect(port).not.toBe(taken.port);
    expect(said.join()).toContain("could not create any TCP/IP sockets");
  } finally {
    taken.stop(true);
    await removeHome(home);
  }
}, 90_000);

test("findBinaries() names the places it looked at and the one command to type", async () => {
  const layout = layoutOf("/nonexistent");
  const user = { ...serverUser(null), command: () => ["/bin/false"] };
  await expect(findBinaries({ layout, user, env, binaries: "system" })).rejects.toMatchObject({
    observed: expect.stringContaining("/bin"),
    hint: "npm ci --include=optional",
  });
});
