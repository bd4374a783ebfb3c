// Faults of this machine: programs that are killed, disks that are full.
import { join } from "node:path";
import { backup, encrypted, type Fault, fromStore, killed } from "./drill_fault.ts";
import { fillUp, stopped } from "./drill_faults_programs.ts";
import type { FaultScene } from "./drill_faults_scene.ts";
import { freeDisk, onSmallDisk } from "./failing_remotes.ts";

const onDisk = ({ disk }: FaultScene) => ["--workspace", disk];
const full = ({ disk }: FaultScene) => fillUp(disk);

const OUT_OF_MEMORY = /dmesg/;
/** The hint outlives what the run has made: the folder that it names is there. */
const ROOM = /^df -h( \S*\/disk(\/store)?)?$/;

export const KILLED: readonly Fault[] = [
  {
    ...{ what: "pg_dump is killed", args: () => [], amid: "pg_dump", happens: killed, quick: true },
    ...{ says: /^Dumping: .*pg_dump was ended by SIGKILL/, hint: OUT_OF_MEMORY },
  },
  {
    ...{ what: "pg_restore is killed", args: fromStore, amid: "pg_restore", happens: killed },
    ...{ says: /^Restoring: .*pg_restore was ended by SIGKILL/, hint: OUT_OF_MEMORY },
  },
  {
    ...{ what: "pg_dump of a backup is killed", args: backup, amid: "pg_dump", happens: killed },
    ...{ says: /pg_dump was ended by SIGKILL/, hint: OUT_OF_MEMORY },
  },
  {
    what: "age is killed while it encrypts",
    // The dump waits, so that it is not the try of the recipients.
    ...{ args: backup, amid: "pg_dump", says: /age was ended by SIGKILL/, hint: OUT_OF_MEMORY, quick: true },
    happens: async (scene) => killed(scene, await stopped(scene.home.path, "age")),
  },
  {
    ...{ what: "age is killed while it decrypts", args: fromStore, amid: "age", happens: killed },
    // Before the damaged archive that it leaves to pg_restore is blamed.
    ...{ says: /^Restoring: .*age was ended by SIGKILL/, hint: OUT_OF_MEMORY },
  },
  {
    ...{ what: "initdb is killed", args: () => [], amid: "initdb", happens: killed },
    ...{ says: /^Starting a disposable server: .*killed/, hint: OUT_OF_MEMORY },
  },
];

export const FULL: readonly Fault[] = [
  {
    ...{ what: "the disk is full while it dumps", amid: "pg_dump", happens: full, hint: ROOM },
    ...{ args: onDisk, says: /no space left on device/i },
  },
  {
    ...{ what: "the disk is full while a server is made", args: onDisk, amid: "initdb", happens: full, quick: true },
    // Beside the dump: whichever of the two wants to write next.
    ...{ says: /^(Dumping|Starting a disposable server): .*no space left on device/, hint: ROOM },
  },
  {
    ...{ what: "the disk is full while it restores", args: onDisk, amid: "pg_restore", happens: full },
    ...{ says: /^Restoring: .*(disk is full|no space left on device)/, hint: /df -h|free -m/ },
  },
  {
    ...{ what: "the store's disk is full", amid: "pg_dump", happens: full, hint: ROOM, quick: true },
    args: (scene) => ["backup", "--store", join(scene.disk, "store"), ...encrypted(scene)],
    says: /no space left on device/,
  },
  {
    ...{ what: "the store and the workspace share a disk that is full", amid: "pg_dump", happens: full, hint: ROOM },
    args: ({ disk }) => ["--store", join(disk, "store"), "--workspace", join(disk, "work")],
    says: /^(Dumping|Starting a disposable server): .*no space left on device/,
  },
  {
    ...{ what: "the disk is too small from the start", hint: ROOM, says: /too little room/, quick: true },
    args: onDisk,
    before: async ({ disk }) => void fillUp(disk),
  },
  {
    ...{ what: "the evidence finds no room", says: /^Could not keep the evidence/, hint: /df -h \S*\/tiny/ },
    args: ({ home }) => ["--workspace", join(home.path, "drill")],
    env: ({ home }) => ({ STATE_HUB_HOME: join(home.path, "tiny") }),
    before: async ({ home }) => smallHome(join(home.path, "tiny"), () => fillUp(join(home.path, "tiny"))),
  },
  {
    ...{
      what: "its home can only be read",
      says: /^Could not keep the evidence.*EROFS/,
      hint: /findmnt -T/,
      quick: true,
    },
    args: ({ home }) => ["--workspace", join(home.path, "drill")],
    env: ({ home }) => ({ STATE_HUB_HOME: join(home.path, "tiny") }),
    before: async ({ home }) =>
      smallHome(join(home.path, "tiny"), () => Bun.spawnSync(["mount", "-o", "remount,ro", join(home.path, "tiny")])),
  },
];

function smallHome(path: string, spoil: () => unknown): () => void {
  onSmallDisk(path, "1m");
  spoil();
  return () => freeDisk(path);
}
