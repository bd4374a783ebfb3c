// Faults of the store's host, and targets that are none.
import { type Fault, fromStore, sftp } from "./drill_fault.ts";
import { CHECKED, CLERK, own } from "./drill_faults_databases.ts";
import { connectionsOf } from "./drill_faults_programs.ts";

export const STORE: readonly Fault[] = [
  {
    ...{ what: "the store's host listens no more", hint: /^ssh .*true$/, quick: true },
    ...{ args: () => ["backup", "--store", "sftp://root@127.0.0.1:1/store"], says: /nothing listens on the port/ },
  },
  {
    ...{ what: "the store's host is not known", hint: /ssh-keygen -l -F/ },
    ...{ args: (scene) => ["backup", "--store", sftp(scene)], says: /no key of it is known: nothing was sent to it/ },
    before: async ({ sshd, sshConfig }) => {
      sshConfig(sshd.sshConfigWithoutKey);
      return () => sshConfig(sshd.sshConfig);
    },
  },
  {
    ...{ what: "the store's host shows another key", hint: /ssh-keygen -l -F/, quick: true },
    ...{ args: (scene) => ["--from-store", sftp(scene)], says: /another than it is known by: nothing was sent to it/ },
    before: async ({ sshd, sshConfig }) => {
      sshConfig(sshd.sshConfigWithWrongKey);
      return () => sshConfig(sshd.sshConfig);
    },
  },
  {
    ...{ what: "the store's host stalls half way", amid: "pg_dump", hint: /df -h .*sftp -b/ },
    ...{ args: (scene) => ["backup", "--store", sftp(scene)], says: /the host stalled|the connection was cut/ },
    // Those that hold the store's connection; whoever comes anew is let in.
    happens: ({ sshd }) => connectionsOf(sshd).map((pid) => process.kill(pid, "SIGSTOP")),
    before:
      async ({ sshd }) =>
      () =>
        connectionsOf(sshd).map((pid) => process.kill(pid, "SIGKILL")),
  },
];

export const ASKED: readonly Fault[] = [
  {
    ...{ what: "its key is not there", hint: /./, says: /key|identity/i, quick: true },
    args: ({ store }) => ["--from-store", store],
  },
  {
    ...{ what: "there is no backup so old", hint: /list --store/, says: /no complete one of 2001/, quick: true },
    args: (scene) => [...fromStore(scene), "--at", "2001-01-01T00:00:00Z"],
  },
  {
    ...{ what: "--into is the live database by another address", hint: /createdb/, quick: true },
    ...{ args: () => ["--into", "env:TARGET"], says: /it is the one that the rows come from/ },
    env: ({ url }) => ({ TARGET: url.replace("127.0.0.1", "localhost") }),
  },
  {
    ...{ what: "--into is the live database, which is backed up and stopped at by another role", hint: /createdb/ },
    ...{
      args: (scene) => [...fromStore(scene), "--into", "env:TARGET"],
      says: /it is the one that the rows come from/,
    },
    env: ({ live }) => ({ TARGET: live.urlOf("garden", CLERK) }),
    before: async ({ live }) => {
      await live.ask("garden", `create role ${CLERK.user} login password '${CLERK.password}'`);
      return () => live.ask("garden", `drop role ${CLERK.user}`);
    },
  },
  {
    ...{ what: "--into is not empty", hint: /createdb/, args: () => ["--into", "env:TARGET"] },
    says: /it is not empty: .*herbs/,
    env: ({ live }) => ({ TARGET: live.urlOf("checked") }),
    before: async (scene) => own("checked", CHECKED).before?.(scene),
  },
  {
    ...{
      what: "nobody listens at --into",
      hint: /^psql postgres:\/\/nobody@127/,
      args: () => ["--into", "env:TARGET"],
    },
    says: /^Looking at the database to restore into: Could not connect to the database to restore into/,
    env: () => ({ TARGET: "postgres://nobody@127.0.0.1:1/gone" }),
  },
];
