// What a store is called by: a folder, or a folder on another host. (pure)
import { resolve } from "node:path";
import { usageFailure } from "../../failure.ts";
import { printableUrl } from "../../secret.ts";

/** What --store names. */
export type StoreTarget =
  | { readonly kind: "folder"; readonly folder: string }
  | {
      readonly kind: "sftp";
      readonly host: string;
      readonly user: string | null;
      readonly port: number | null;
      /** Absolute, or relative to the account's home. */
      readonly folder: string;
    };

const EXPECTED = "a folder, or sftp://USER@HOST/FOLDER";
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** @throws OpsFailure (usage) for another scheme, a password, no folder; the password is not in it */
export function storeTarget(target: string): StoreTarget {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(target)?.[1]?.toLowerCase();
  if (target.trim() === "") throw refused("", "it is empty");
  if (CONTROL.test(target)) throw refused("", "it has characters that cannot be shown");
  if (scheme === undefined) return { kind: "folder", folder: resolve(target) };
  if (scheme !== "sftp") throw refused(target, `stores by ${scheme}:// are not supported`);
  return sftpTarget(target);
}

function sftpTarget(target: string): StoreTarget {
  if (!URL.canParse(target) || !isEncoded(target)) throw refused(target, "it is no URL");
  const url = new URL(target);
  if (url.password !== "")
    throw refused(target, "it holds a password", "ssh keys or an agent are used: see ssh-copy-id");
  if (url.hostname === "") throw refused(target, "it names no host");
  if (url.search !== "" || url.hash !== "") throw refused(target, "it has a ? or # behind the folder");
  const path = decodeURIComponent(url.pathname).replace(/(?<=.)\/+$/, "");
  if (path === "" || path === "/" || CONTROL.test(path)) throw refused(target, "it names no folder");
  return {
    kind: "sftp",
    host: url.hostname.replace(/^\[|\]$/g, ""),
    user: url.username === "" ? null : decodeURIComponent(url.username),
    port: url.port === "" ? null : Number(url.port),
    folder: path.startsWith("/~/") ? path.slice(3) : path,
  };
}

/** Each % stands before two hexadecimal digits, and what they give is text. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function refused(
  target: string,
  observed: string,
  hint = "scripts/backup_restore_drill.ts list --store /var/backups/state-hub",
) {
  return usageFailure("Could not use the store", {
    observed,
    expected: EXPECTED,
    ...(target === "" ? {} : { where: printableUrl(target) }),
    hint,
  });
}
