// A scheduled activity as a user's service. It is rendered, because a budget that is written twice is soon two: the file below
// systemd/active is never edited by hand, and what differs on one machine is a drop-in there.
import { SWEEP } from "../activity.ts";
import type { Deadlines } from "../deadlines.ts";
import { type ActivityDefinition, unitNameOf } from "../definition.ts";
import { renderedHeader } from "../rendered_header.ts";
import { goesByHub } from "./by_hub.ts";

const TOOLKIT = "%h/state-hub-ops";
/** What operators read, where it is not the definition's own name. */
const DESCRIPTIONS: Readonly<Record<string, string>> = { [SWEEP.definitionId]: "State Hub consistency sync" };

/** The text of systemd/active/NAME.service. */
export function renderService(definition: ActivityDefinition, deadlines: Deadlines): string {
  const name = unitNameOf(definition);
  return [
    renderedHeader(definition),
    ...INSTALLING.map((line) => line.replaceAll("NAME", name)),
    "",
    "[Unit]",
    `Description=${descriptionOf(definition)}`,
    `Documentation=file:${TOOLKIT}/systemd/README.md`,
    "",
    "[Service]",
    "Type=oneshot",
    "# Where the hub is, unless the file below says otherwise; secrets stand in that file alone (mode 600).",
    "Environment=STATE_HUB_URL=http://127.0.0.1:8000",
    "EnvironmentFile=-%h/.config/state-hub/env",
    `ExecStart=${commandOf(definition, deadlines)}`,
    "# For a run that does not end by itself, and a minute later than its own budget.",
    `TimeoutStartSec=${deadlines.startTimeoutSeconds}s`,
    "TimeoutStopSec=30s",
    "",
    ...SANDBOX,
    "",
  ].join("\n");
}

/** For people, in lists of units. */
export function descriptionOf({ uuid, name }: Pick<ActivityDefinition, "uuid" | "name">): string {
  return DESCRIPTIONS[uuid] ?? name;
}

function commandOf(definition: ActivityDefinition, { maxSeconds }: Deadlines): string {
  const { instruction, requires } = definition;
  const words = [
    `${TOOLKIT}/${instruction}`,
    ...requires.flatMap((each) => ["--requires", each]),
    `--max-seconds ${maxSeconds}`,
    // systemd replaces ${...} by one word, whatever is in it.
    ...(goesByHub(definition) ? ["--via", `\${STATE_HUB_URL}`] : []),
    "--source local-timer",
  ];
  return words.join(" ");
}

const INSTALLING = [
  "#",
  "#   systemctl --user link ~/state-hub-ops/systemd/active/NAME.service ~/state-hub-ops/systemd/active/NAME.timer",
  "#   systemctl --user enable --now NAME.timer",
  "#   loginctl enable-linger          # it goes on after the last logout",
];

// In a user's unit most of this works only with PrivateUsers=, in whose eyes root's files are nobody's: ssh would refuse its
// configuration, but a run that a hub or a database does for us starts neither git nor ssh. No MemoryDenyWriteExecute=: Bun
// compiles what it runs.
const SANDBOX = [
  "# It talks to the hub or its database, and keeps runs that these could not be told of; it starts no program.",
  "PrivateUsers=yes",
  "ProtectSystem=strict",
  "ProtectHome=read-only",
  "# STATE_HUB_HOME: a drop-in adds the path where it is another one.",
  "ReadWritePaths=-%h/.local/state/state-hub",
  "PrivateTmp=yes",
  "PrivateDevices=yes",
  "ProtectClock=yes",
  "ProtectHostname=yes",
  "ProtectKernelModules=yes",
  "CapabilityBoundingSet=",
  "NoNewPrivileges=yes",
  "LockPersonality=yes",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallErrorNumber=EPERM",
  "UMask=0077",
];
