// Writes what each tunnel's unit reads, beside the list of tunnels, and shows what has to be done by hand: the far side's line,
// and the commands that start the unit. Nothing is started here, and a file that says the same is left alone.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Outcome, View } from "../cli/define_script.ts";
import { usageFailure } from "../failure.ts";
import { shellQuoted } from "../shell_quoted.ts";
import { pinnedKey } from "../ssh/pinned_key.ts";
import { writeWhole } from "../whole_file.ts";
import { publicHalf } from "./public_half.ts";
import { authorizedKeysLine, unitFiles } from "./render_tunnels.ts";
import type { Tunnel } from "./tunnel.ts";
import { isTemplates, settingsFolder, textOf } from "./unit_settings.ts";

export interface RenderTerms {
  /** The list of tunnels. */
  readonly config: string;
  readonly dryRun: boolean;
  /** The names and the list as they were typed, for the command that comes next: " hub --config other.yaml". */
  readonly asked: string;
}

interface Rendered {
  readonly tunnel: string;
  readonly unit: string;
  readonly files: readonly { readonly path: string; readonly did: "written" | "same" }[];
  readonly authorized_keys: string;
  readonly far_side: string;
}

/** In an ssh_config, between quotes, ssh reads them as something else than a part of the name. */
const NO_PART_OF_A_PATH = /["%\\\p{Cc}]|\$\{/u;

/** @throws OpsFailure (usage) for a tunnel that cannot be kept by the unit as it is written; then nothing is written */
export async function renderCommand(
  tunnels: readonly Tunnel[],
  { config, dryRun, asked }: RenderTerms,
): Promise<Outcome> {
  const kept = tunnels.filter(({ unit }) => isTemplates(unit));
  if (kept.length === 0)
    throw refused(config, "no tunnel with runs_as: unit:state-hub-tunnel@NAME", "one that a unit keeps");
  const all = kept.map((tunnel) => prepared(tunnel, config));
  const rendered = all.map(({ write, ...rest }) => ({ ...rest, files: write(dryRun) }));
  return {
    exitCode: 0,
    document: { dry_run: dryRun, tunnels: rendered },
    render: (view) => rendered.map((each) => renderedBlock(each, dryRun, view)).join("\n\n"),
    next: dryRun
      ? `scripts/tunnel_health.ts render${asked}`
      : `systemctl --user enable --now ${rendered.map(({ unit }) => unit).join(" ")}`,
  };
}

function prepared(tunnel: Tunnel, config: string) {
  const unit = tunnel.unit ?? "";
  const { ssh, name, problems } = tunnel;
  if (problems.length > 0)
    throw refused(config, `tunnel ${name}: ${problems.join("; ")}`, "a tunnel that can be checked");
  const key = pinnedKey(ssh.host_key ?? "")?.key ?? null;
  if (key === null)
    throw usageFailure("Could not render the tunnel", {
      observed: `tunnel ${name}: ssh.host_key is a fingerprint`,
      expected: "the public key itself, which a known_hosts file needs; it has that fingerprint",
      where: config,
      hint: `ssh-keyscan -p ${ssh.port ?? 22} ${shellQuoted(ssh.host)} | tee /dev/stderr | ssh-keygen -lf -`,
    });
  if (ssh.identity_file === undefined)
    throw refused(config, `tunnel ${name}: no ssh.identity_file`, "a key of the tunnel's own, without a passphrase");
  if (NO_PART_OF_A_PATH.test(ssh.identity_file)) {
    const observed = `tunnel ${name}: ssh.identity_file is ${JSON.stringify(ssh.identity_file)}`;
    throw refused(
      config,
      observed,
      'a path without ", %, \\, ${ and line breaks, which ssh does not read as they stand',
    );
  }
  const folder = settingsFolder(tunnel);
  const { ssh_config, known_hosts } = unitFiles(tunnel, key, folder);
  return {
    tunnel: name,
    unit,
    authorized_keys: authorizedKeysLine(tunnel, publicHalf(ssh.identity_file, name)),
    far_side: `${ssh.user === undefined ? "" : `${ssh.user}@`}${ssh.host}`,
    write: (dryRun: boolean): Rendered["files"] => {
      if (!dryRun) mkdirSync(folder, { recursive: true, mode: 0o700 });
      return Object.entries({ ssh_config, known_hosts }).map(([file, text]) =>
        written(join(folder, file), text, dryRun),
      );
    },
  };
}

function written(path: string, text: string, dryRun: boolean): Rendered["files"][number] {
  if (textOf(path) === text) return { path, did: "same" };
  if (!dryRun) writeWhole(path, text);
  return { path, did: "written" };
}

function renderedBlock(
  { tunnel, unit, files, authorized_keys, far_side }: Rendered,
  dryRun: boolean,
  view: View,
): string {
  const rows = files.map(({ path, did }) => [path, dryRun && did === "written" ? "would be written" : did]);
  return [
    `${view.paint.strong(tunnel)}, kept by ${unit}`,
    view.table([{ title: "file" }, { title: "" }], rows),
    `The line for ~/.ssh/authorized_keys of ${far_side}:`,
    authorized_keys,
  ].join("\n");
}

function refused(config: string, observed: string, expected: string) {
  return usageFailure("Could not render the tunnels", {
    observed,
    expected,
    where: config,
    hint: `$EDITOR ${shellQuoted(config)}`,
  });
}
