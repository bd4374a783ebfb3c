// The git config of unattended runs, as text. The user's own config stays in force (credential helpers, proxies,
// certificates); what could prompt, push more than asked, run in the background or hang is set after it, so that it wins.
import { isAbsolute, join } from "node:path";

const SETTINGS = `[core]
	askPass =
[credential]
	interactive = false
[push]
	gpgSign = false
	followTags = false
	recurseSubmodules = no
	pushOption =
[fetch]
	prune = false
	pruneTags = false
	recurseSubmodules = false
	writeCommitGraph = false
[submodule]
	recurse = false
[gc]
	auto = 0
	autoDetach = false
[maintenance]
	auto = false
	autoDetach = false
[http]
	lowSpeedLimit = 1000
	lowSpeedTime = 20
`;

/**
 * @param environment where HOME and XDG_CONFIG_HOME are looked up; without HOME there is no config of a user
 * @param safePaths absolute paths of repositories; a path that would vouch for others than itself is left out
 */
export function accessConfig(environment: Readonly<Record<string, string>>, safePaths: readonly string[]): string {
  const includes = userConfigs(environment).map((path) => `\tpath = ${quoted(path)}\n`);
  // A local `upload-pack` compares the folder that holds the objects; other commands the top of the work tree.
  const safe = [...new Set(safePaths)].filter(namesItselfAlone).flatMap((path) => [path, join(path, ".git")]);
  const directories = safe.sort().map((path) => `\tdirectory = ${quoted(path)}\n`);
  return [
    "# Made by State Hub for its own git: changes are lost.\n",
    includes.length > 0 ? `[include]\n${includes.join("")}` : "",
    SETTINGS,
    directories.length > 0 ? `[safe]\n${directories.join("")}` : "",
  ].join("");
}

/** git-config(1), FILES: both are read, the one in HOME last. */
function userConfigs(environment: Readonly<Record<string, string>>): string[] {
  const home = environment.HOME ?? "";
  const xdg = environment.XDG_CONFIG_HOME || (home === "" ? "" : join(home, ".config"));
  const found = [xdg === "" ? "" : join(xdg, "git/config"), home === "" ? "" : join(home, ".gitconfig")];
  return found.filter((path) => isAbsolute(path));
}

/** git-config(1), safe.directory: `*` and a trailing `/*` vouch for every repository (there). */
function namesItselfAlone(path: string): boolean {
  return isAbsolute(path) && path !== "/" && !/\/\*\/*$/.test(path);
}

/** git-config(1), SYNTAX: within double quotes only these need an escape. */
function quoted(value: string): string {
  const escaped = value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `"${escaped}"`;
}
