// The files that a tunnel's unit reads: where they lie, and whether they still say what the list of tunnels says. A unit keeps
// what it was started with, so a list that was edited alone changes nothing, until a restart that nobody expects to.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pinnedKey } from "../ssh/pinned_key.ts";
import { unitFiles } from "./render_tunnels.ts";
import type { Tunnel } from "./tunnel.ts";

const TEMPLATE = /^state-hub-tunnel@([\w.-]+)\.service$/;

/** Of state-hub-tunnel@.service, which reads settings that are rendered; other units have their own. */
export function isTemplates(unit: string | null): unit is string {
  return unit !== null && TEMPLATE.test(unit);
}

/** Beside the list: `tunnels/NAME`, NAME as in the unit's. */
export function settingsFolder({ list, unit, name }: Pick<Tunnel, "list" | "unit" | "name">): string {
  return join(dirname(list), "tunnels", TEMPLATE.exec(unit ?? "")?.[1] ?? name);
}

/**
 * @param home of the account: its units read what lies below ~/.config/state-hub, and nothing beside other lists
 * @returns what is not as it would be rendered now, in words; "" where all is, or where nothing could be rendered from the list
 */
export function staleSettings(tunnel: Tunnel, home: string): string {
  const key = pinnedKey(tunnel.ssh.host_key ?? "")?.key ?? null;
  const isRead = isTemplates(tunnel.unit) && dirname(tunnel.list) === join(home, ".config/state-hub");
  if (!isRead || key === null || tunnel.ssh.identity_file === undefined) return "";
  const folder = settingsFolder(tunnel);
  const stale = Object.entries(unitFiles(tunnel, key, folder)).flatMap(([name, text]) => {
    const found = textOf(join(folder, name));
    return found === text ? [] : [{ name, isThere: found !== null }];
  });
  const missing = stale.filter(({ isThere }) => !isThere).map(({ name }) => name);
  if (missing.length > 0) return `${missing.join(" and ")} cannot be read in ${folder}`;
  return stale.length === 0 ? "" : `the list has changed since (${stale.map(({ name }) => name).join(", ")})`;
}

/** @returns null for a file that is not there, or cannot be read */
export function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
