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
  inPlatform("database-roles", DATABASE, "a superuser", (cluster) => {
    cluster.spec.managed.roles[0].superuser = true;
  }),
  inPlatform("database-roles", DATABASE, "a password for postgres", (cluster) => {
    cluster.spec.enableSuperuserAccess = true;
  }),
  inPlatform("database-backup", DATABASE, "a cron without seconds", (_, all) => {
    all.find((each) => each.kind === "ScheduledBackup").spec.schedule = "0 2 * * *";
  }),
  inPlatform("database-backup", DATABASE, "no archive", (cluster) => {
    cluster.spec.plugins[0].isWALArchiver = false;
  }),
];
