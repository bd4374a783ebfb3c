// A run of its own, to be killed: opens a workspace, begins a server in it and waits. Prints the workspace's folder, and
// "ready" once the server is. argv: JSON of { folder }.

import { environmentForPrograms } from "../../../lib/config.ts";
import { openWorkspace } from "../../../lib/drill/workspace.ts";
import { disposable } from "../../support/disposable_server.ts";

const { folder } = JSON.parse(process.argv[2] ?? "{}") as { folder: string };
const env = environmentForPrograms();
const workspace = await openWorkspace({ folder, env, note: (line) => process.stdout.write(`${line}\n`) });
process.stdout.write(`${workspace.folder}\n`);
await disposable(workspace.folder);
process.stdout.write("ready\n");
setInterval(() => {}, 1_000);
