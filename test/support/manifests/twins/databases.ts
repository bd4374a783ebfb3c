// Databases that would be lost, or given away.
import { DATABASE, inPlatform, type Twin } from "./twin.ts";

export const DATABASES: readonly Twin[] = [
  inPlatform("database-server", DATABASE, "another version", (cluster) => {
    cluster.spec.imageName = "ghcr.io/cloudnative-pg/postgresql:16.4";
  }),
  inPlatform("database-server", DATABASE, "no way back", (cluster) => {
    cluster.spec.postgresql.parameters.wal_level = "replica";
  }),
  inPlatform("database-server", DATABASE, "plain connections", (cluster) => delete cluster.spec.postgresql.pg_hba),
  inPlatform("database-server", DATABASE, "a slot that fills the disk", (cluster) => {
    cluster.spec.postgresql.parameters.max_slot_wal_keep_size = "-1";
  }),
  inPlatform(
    "database-server",
    DATABASE,
    "as much memory as it likes",
    (cluster) => delete cluster.spec.resources.limits,
  ),
  inPlatform("database-roles", DATABASE, "a password that the operator makes up", (cluster) => {
    delete cluster.spec.bootstrap.initdb.secret;
  }),
  inPlatform("database-roles", DATABASE, "a role without a password", (cluster) => {
    delete cluster.spec.managed.roles[1].passwordSecret;
  }),
  inPlatform("database-roles", DATABASE, "a superuser", (cluster) => {
    cluster.spec.managed.roles[0].superuser = true;
  }),
  inPlatform("database-roles", DATABASE, "a password for postgres", (cluster) => {
    cluster.spec.enableSuperuserAccess = true;
  }),
  inPlatform("database-backup", DATABASE, "a cron without seconds", (_, all) => {
    all.find((each) => each.kind === "ScheduledBackup").spec.schedule = "0 2 * * *";
  }),
  inPlatform("database-backup", DATABASE, "no backup", (_, all) => {
    all.find((each) => each.kind === "ScheduledBackup").spec.suspend = true;
  }),
  inPlatform("database-backup", DATABASE, "a backup by another program", (_, all) => {
    all.find((each) => each.kind === "ScheduledBackup").spec.method = "volumeSnapshot";
  }),
  inPlatform("database-backup", DATABASE, "no archive", (cluster) => {
    cluster.spec.plugins[0].isWALArchiver = false;
  }),
];
