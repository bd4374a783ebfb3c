// The lines that stand in a repository's post-commit hook, as a text. They run at every commit of every person here, under
// any shell, client and folder: they may never wait, print, fail or leave anything open, and hold no secret. (pure)

/** Raised with every change of the text below: an installed block of another text is then replaced by the next install. */
const BLOCK_VERSION = 1;

/** Other tools look for this word in a hook; it is part of the first line of ours. */
export const MARKER = "# custodian-sync-hook";
export const BLOCK_BEGIN = `${MARKER} begin`;
export const BLOCK_END = `${MARKER} end`;

/** Stands in a file that we made: when nothing else does, the file goes with the block. */
const NOTE = "# Made by state_hub.ts hook install; lines of your own may follow the block.";
export const FILE_HEAD = `#!/bin/sh\n${NOTE}\n`;

/** What may stand in a URL and in shell quotes as it is. */
const SLUG = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** @returns whether a block can be made for this repository */
export function isHookSlug(slug: string): boolean {
  return SLUG.test(slug);
}

// The outer lines, in whatever shell the hook is written for, change nothing of it: a subshell whose own child is nobody's
// to `wait` for, with every stream closed, and a result that `set -e` never sees. The inner shell is its own session.
// No single quote may stand in it. Echo is a builtin of every sh, printf is not: what it prints is in nobody's argv.
const SENDER = `umask 077
LC_ALL=C
export LC_ALL
unset IFS
command -v curl || exit 0
home=\${STATE_HUB_HOME:-}
if [ -z "$home" ]; then
  if [ "$(id -u)" = 0 ]; then home=/var/lib/state-hub
  elif [ -n "\${XDG_STATE_HOME:-}" ]; then home=$XDG_STATE_HOME/state-hub
  else home=\${HOME:-/nonexistent}/.local/state/state-hub
  fi
fi
token=\${STATE_HUB_TOKEN:-}
if [ -n "\${STATE_HUB_TOKEN_FILE:-}" ]; then file=$STATE_HUB_TOKEN_FILE; token=
else file=$home/token
fi
if [ -z "$token" ] && [ -f "$file" ]; then IFS= read -r token <"$file" || :; fi
url=\${STATE_HUB_URL:-http://127.0.0.1:8000}
url=\${url%/}
case $url$token in *[!!-~]* | *[\\"\\\\]*) exit 0 ;; esac
case $url in http://* | https://*) ;; *) exit 0 ;; esac
unset STATE_HUB_TOKEN
cd /
{
  echo "url = $url/repos/$1/sync"
  echo "header = \\"Content-Type: application/json\\""
  echo "header = \\"Prefer: respond-async\\""
  [ -z "$token" ] || echo "header = \\"Authorization: Bearer $token\\""
  echo "data = {\\"source\\":\\"git-hook\\"}"
} | curl -q -s -g -o /dev/null --noproxy "*" --connect-timeout 2 --max-time 10 -K -`;

/** @param slug one that isHookSlug() takes */
export function hookBlock(slug: string): string {
  return `${BLOCK_BEGIN} ${BLOCK_VERSION}: asks the State Hub to read this repository; it waits for nothing
( [ "\${STATE_HUB_SYNC:-}" = 1 ] || ( trap '' HUP INT QUIT
if command -v setsid; then setsid=setsid; else setsid=env; fi
"$setsid" sh -c '
${SENDER}
' state-hub-sync '${slug}' & ) ) </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- || :
${BLOCK_END}
`;
}
