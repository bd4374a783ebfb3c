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

/** In ~/.config/state-hub/env there are lines as systemd reads them, and they are no shell's: nothing in them is run. */
const ENVIRONMENT = `if [ -r "$HOME/.config/state-hub/env" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    name=\${line%%=*} value=\${line#*=}
    case $name in "$line" | '' | [0-9]* | *[!A-Za-z0-9_]*) continue ;; esac
    case $value in \\"*\\") value=\${value#\\"} value=\${value%\\"} ;; \\'*\\') value=\${value#\\'} value=\${value%\\'} ;; esac
    export "$name=$value"
  done <"$HOME/.config/state-hub/env"
fi`;

/** The shell is replaced by the script, so that the process id is the script's. */
export function startText({ toolkit, script, words, mark }: ScriptToStart): string {
  const [folder, file] = [folderOf(toolkit), quoted(`scripts/${script}`)];
  return `cd ${folder} 2>/dev/null && [ -x ${file} ] || { echo ${mark} missing; exit 127; }
${ENVIRONMENT}
echo ${mark} $$
exec ${[file, ...words.map(quoted)].join(" ")} </dev/null
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
