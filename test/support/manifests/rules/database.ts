// The database of State Hub: what would lose it, or give it away, and is a valid Cluster all the same.
import { nameOf, ofKind } from "../manifest.ts";
import type { Rule } from "../rule.ts";

interface Role {
  readonly name: string;
  readonly superuser?: boolean;
  readonly passwordSecret?: object;
}

export const DATABASE_RULES: readonly Rule[] = [
  {
    id: "database-server",
    says: "PostgreSQL 17 of a named version, which can be left again by logical replication, and refuses plain connections",
    look: ({ manifests }) =>
      ofKind(manifests, "Cluster").flatMap((each) => {
        const { imageName = "", postgresql = {} } = each.spec;
        const { wal_level, max_slot_wal_keep_size: kept } = postgresql.parameters ?? {};
        return [
          /:17\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(imageName) ? "" : `imageName is ${imageName}`,
          wal_level === "logical" ? "" : `wal_level is ${wal_level}`,
          kept === undefined || kept === "-1" ? "a slot that nobody reads fills the disk" : "",
          postgresql.pg_hba?.includes("hostnossl all all all reject") ? "" : "takes connections that are not encrypted",
          each.spec.resources?.limits?.memory && each.spec.resources?.requests?.cpu ? "" : "has no resources",
        ].flatMap((says) => (says === "" ? [] : [`${nameOf(each)}: ${says}`]));
      }),
  },
  {
    id: "database-roles",
    says: "No role is a superuser, every password comes from a Secret",
    look: ({ manifests }) =>
      ofKind(manifests, "Cluster").flatMap((each) => {
        const { enableSuperuserAccess, bootstrap, managed } = each.spec;
        const roles = managed?.roles as readonly Role[];
        return [
          enableSuperuserAccess === false ? "" : "postgres has a password",
          bootstrap?.initdb?.secret?.name === undefined ? "the owner's password is no reference" : "",
          ...roles.map((role) => (role.superuser === true ? `${role.name} is a superuser` : "")),
          ...roles.map((role) => (role.passwordSecret === undefined ? `${role.name} has no passwordSecret` : "")),
        ].flatMap((says) => (says === "" ? [] : [`${nameOf(each)}: ${says}`]));
      }),
  },
  {
    id: "database-backup",
    says: "WAL is archived and a base backup is scheduled, by the same plugin; its schedule has seconds",
    look: ({ manifests }) =>
      ofKind(manifests, "Cluster").flatMap((cluster) => {
        const archiver = (cluster.spec.plugins ?? []).find(
          (each: { isWALArchiver?: boolean }) => each.isWALArchiver === true,
        );
        const backup = ofKind(manifests, "ScheduledBackup").find(
          ({ spec }) => spec.cluster.name === cluster.metadata.name,
        );
        const { schedule = "", method, pluginConfiguration, suspend } = backup?.spec ?? {};
        return [
          archiver === undefined ? "archives no WAL" : "",
          backup === undefined || suspend === true ? "has no scheduled backup" : "",
          /^(\S+ ){5}\S+$/.test(schedule) ? "" : `the backup's schedule is ${schedule}: six fields are wanted`,
          method === "plugin" && pluginConfiguration?.name === archiver?.name
            ? ""
            : "the backup is not made by its archiver",
        ].flatMap((says) => (says === "" ? [] : [`${nameOf(cluster)}: ${says}`]));
      }),
  },
];
