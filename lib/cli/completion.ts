// The file that completes the scripts' commands, flags and choices in bash and zsh, made of their flag tables. One file for
// all of them that is read when a shell starts: asking a script at each press of the key takes a third of a second. (pure)
import type { Command, Script } from "./define_script.ts";
import { COMMON_FLAGS, type Flag, type FlagTable } from "./flags.ts";

/**
 * The whole of scripts/completion.sh.
 * @param runbooks names of pages, for the commands that take one
 */
export function completionText(scripts: readonly Script[], runbooks: readonly string[]): string {
  const names = scripts.map(({ name }) => name);
  const texts = scripts.flatMap((script) => [
    ...(script.commands.some(({ positional }) => positional?.verbatim) ? [passedOnText(script, names)] : []),
    ...branchesOf(script, { runbook: runbooks }).map(branchText),
  ]);
  return `${HEAD}${texts.join("\n")}\n${TAIL}${names.join(" ")}\n`;
}

interface Branch {
  /** What was typed after the script, each word with a blank before it. */
  readonly typed: string;
  readonly script: string;
  /** Next words of commands, and names that stand for a positional. */
  readonly words: readonly string[];
  readonly flags: FlagTable;
}

/** Longest first: the first that fits is taken. */
function branchesOf({ name: script, commands }: Script, known: Readonly<Record<string, readonly string[]>>): Branch[] {
  const names = commands.map(({ name }) => name);
  const prefixes = new Set(names.flatMap((name) => prefixesOf(name)));
  return [...prefixes]
    .sort((a, b) => b.split(" ").length - a.split(" ").length || b.length - a.length || (a < b ? -1 : 1))
    .map((prefix) => ({
      typed: prefix === "" ? "" : ` ${prefix}`,
      script,
      words: [...nextWords(prefix, names), ...(known[positionalOf(commands, prefix)] ?? [])],
      flags: flagsOf(commands, prefix),
    }));
}

/** "repo add": "", "repo" and "repo add". */
function prefixesOf(name: string): string[] {
  const words = name === "" ? [] : name.split(" ");
  return Array.from({ length: words.length + 1 }, (_, count) => words.slice(0, count).join(" "));
}

function nextWords(prefix: string, names: readonly string[]): string[] {
  const start = prefix === "" ? "" : `${prefix} `;
  const rest = names
    .filter((name) => name !== prefix && name.startsWith(start))
    .map((name) => name.slice(start.length));
  return [...new Set(rest.map((name) => name.split(" ")[0] ?? ""))].filter((word) => word !== "");
}

function positionalOf(commands: readonly Command[], name: string): string {
  return commands.find((command) => command.name === name)?.positional?.name ?? "";
}

function flagsOf(commands: readonly Command[], name: string): FlagTable {
  return { ...commands.find((command) => command.name === name)?.flags, ...COMMON_FLAGS };
}

/** Of a script that is given another one's words: behind its own first word the other scripts, behind that what such a one has. */
function passedOnText(script: Script, names: readonly string[]): string {
  const branch = {
    script: script.name,
    words: names.filter((name) => name !== script.name),
    flags: flagsOf(script.commands, ""),
  };
  return [
    `    "${script.name}: "?*" "*".ts "*)`,
    `      rest="\${1#*: }"`,
    `      while case "\${rest%% *}" in *.ts) false ;; esac; do rest="\${rest#* }"; done`,
    `      _state_hub_ops_words "\${rest%% *}: \${rest#* }" ;;`,
    branchText({ ...branch, typed: "" }).replace(`${script.name}: "*)`, `${script.name}: "?*)`),
  ].join("\n");
}

function branchText({ script, typed, words, flags }: Branch): string {
  const entries = Object.entries(flags);
  const choices = entries.flatMap(([name, flag]) =>
    flag.kind === "choice" ? flag.choices.map((choice) => `--${name}=${choice}`) : [],
  );
  const valued = entries.filter(([, flag]) => flag.kind !== "boolean").map(([name]) => `--${name}`);
  return [
    `    "${script}:${typed} "*)`,
    `      words='${words.join(" ")}'`,
    `      flags='${entries.flatMap(([name, flag]) => spellings(name, flag)).join(" ")}'`,
    `      valued=' ${valued.join(" ")} '`,
    `      choices='${choices.join(" ")}' ;;`,
  ].join("\n");
}

function spellings(name: string, flag: Flag): string[] {
  return flag.kind === "boolean" && flag.negatable ? [`--${name}`, `--no-${name}`] : [`--${name}`];
}

const HEAD = `# Completes the toolkit's scripts in bash and zsh. Once, in ~/.bashrc or ~/.zshrc:
#   . /path/to/the/toolkit/scripts/completion.sh
# Made of the scripts' flag tables and the names of the runbooks; \`scripts/bun test/write_completion.ts\` writes it again.

if [ -n "\${ZSH_VERSION-}" ]; then
  type compdef >/dev/null 2>&1 || { autoload -Uz compinit && compinit -i; }
  type complete >/dev/null 2>&1 || { autoload -Uz bashcompinit && bashcompinit; }
fi

_state_hub_ops_words() {
  local rest
  case "$1" in
`;

const TAIL = `    *) words='' flags='' valued='' choices='' ;;
  esac
}

_state_hub_ops() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local script="\${COMP_WORDS[0]##*/}" typed='' flag='' at=1 each words flags valued choices
  COMPREPLY=()
  while [ "$at" -lt "$COMP_CWORD" ]; do
    each="\${COMP_WORDS[$at]}"
    case "$each" in -* | =) ;; *) typed="$typed $each" ;; esac
    at=$((at + 1))
  done
  _state_hub_ops_words "$script:$typed "
  # bash takes --flag=value for three words, zsh for one.
  if [ "$word" = = ]; then
    flag="$before" word=''
  elif [ "$before" = = ]; then
    flag="\${COMP_WORDS[COMP_CWORD-2]}"
  else
    case "$word" in
      --*=*)
        COMPREPLY=($(compgen -W "$choices" -- "$word"))
        return ;;
    esac
    case "$valued" in *" $before "*) flag="$before" ;; esac
  fi
  if [ -n "$flag" ]; then
    at=''
    for each in $choices; do
      case "$each" in "$flag="*) at="$at \${each#*=}" ;; esac
    done
    # Without choices it is a file, or what only its user knows: the shell's own completion.
    [ -z "$at" ] || COMPREPLY=($(compgen -W "$at" -- "$word"))
    return
  fi
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) [ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  esac
}

complete -o default -F _state_hub_ops `;
