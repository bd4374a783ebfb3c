// What a shell on the other host is told, to become one of the toolkit's scripts there. It comes on the shell's stdin: an
// account's own shell may be any, and would read the words in its own way; sh reads them as they are quoted here. (pure)

export interface ScriptToStart {
  /** The toolkit's folder over there; `~/` is the account's home. */
  readonly toolkit: string;
  /** The file below scripts/. */
  readonly script: string;
  readonly words: readonly string[];
  /** Printed on stdout before the script begins, with its process id behind it, or `missing`. */
  readonly mark: string;
}

/** On the shell's stdin once the mark was seen: the script begins with it, and never without. */
export const GO = "\n";

/**
 * In ~/.config/state-hub/env there is a setting a line, as systemd reads them, and they are no shell's: nothing in them is run.
 * Blanks and a carriage return around a name or a value belong to neither.
 */
const ENVIRONMENT = `if [ -r "$HOME/.config/state-hub/env" ]; then
  blank=' \t\r'
  while IFS= read -r line || [ -n "$line" ]; do
    name=\${line%%=*} value=\${line#*=}
    name=\${name#"\${name%%[!$blank]*}"} value=\${value#"\${value%%[!$blank]*}"}
    name=\${name%"\${name##*[!$blank]}"} value=\${value%"\${value##*[!$blank]}"}
    case $line in *=*) ;; *) continue ;; esac
    case $name in '' | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
    case $value in \\"*\\") value=\${value#\\"} value=\${value%\\"} ;; \\'*\\') value=\${value#\\'} value=\${value%\\'} ;; esac
    export "$name=$value"
  done <"$HOME/.config/state-hub/env"
fi`;

/**
 * The shell is replaced by the script, so that the process id is the script's. It waits for `GO` first: where the line was cut, or
 * we have given up, it reads an end instead, and nothing runs that nobody knows of. Nor does it where what the account runs at login
 * has taken the first line for itself.
 */
export function startText({ toolkit, script, words, mark }: ScriptToStart): string {
  const [folder, file] = [folderOf(toolkit), quoted(`scripts/${script}`)];
  const command = [file, ...words.map(quoted)].join(" ");
  return `toolkit_found=; cd ${folder} 2>/dev/null && [ -x ${file} ] && toolkit_found=y || { echo ${mark} missing; exit 127; }
${ENVIRONMENT}
[ "$toolkit_found" ] && echo ${mark} $$ && read -r go && exec ${command} </dev/null || exit 1
`;
}

function folderOf(toolkit: string): string {
  if (toolkit === "~") return '"$HOME"';
  return toolkit.startsWith("~/") ? `"$HOME"/${quoted(toolkit.slice(2))}` : quoted(toolkit);
}

/** For sh alone, whichever it is: it knows no $'...', and takes a newline in quotes as it is. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
