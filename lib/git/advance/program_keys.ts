// Which keys of a repository's own configuration could start a program, or lead git elsewhere, while a checkout is looked
// at and fast-forwarded (config, status, read-tree, fetch from a path, merge --ff-only, update-ref). Whoever may write a
// repository's configuration would otherwise run what he likes as the user of the sweep.

export interface LocalKey {
  /** As `git config --list` writes it: section and name in lower case, the subsection as it is. */
  readonly key: string;
  /** Null for a key without `=`, which git reads as true. */
  readonly value: string | null;
  readonly file: string;
}

export interface Judgement {
  readonly verdict: "harmless" | "overridden" | "refused";
  readonly why: string;
}

interface Rule extends Judgement {
  /** `section.name`, `section.*.name`, or a whole `section`. */
  readonly keys: readonly string[];
  /** What takes its place on the command line, where a flag or the environment does not. */
  readonly by?: readonly string[];
  /** The rule is for these values alone; any other is harmless. */
  readonly only?: (value: string | null, all: readonly LocalKey[]) => boolean;
}

// git-config(1) of 2.39 to 2.55, gitattributes(5), githooks(5), git-hook(1); the tests try every program key with a
// program that leaves a mark.
const RULES: readonly Rule[] = [
  {
    keys: ["include", "includeif"],
    verdict: "refused",
    why: "it names further files of configuration, which were not looked at",
  },
  {
    keys: ["filter.*.clean", "filter.*.smudge", "filter.*.process"],
    verdict: "refused",
    why: "it starts a program on files that are checked out, and without it they would get other bytes than expected",
    only: (value) => value !== "",
  },
  { keys: ["core.worktree"], verdict: "refused", why: "its files are not where its git folder is" },
  { keys: ["core.alternaterefscommand"], verdict: "refused", why: "a fetch starts it" },
  { keys: ["hook"], verdict: "refused", why: "git 2.54 and newer run it as a hook, whatever core.hooksPath says" },
  {
    keys: ["fetch.bundleuri"],
    verdict: "refused",
    why: "a fetch would ask that place first",
    only: (value) => value !== "",
  },
  {
    keys: ["url.*.insteadof"],
    verdict: "refused",
    why: "it leads a fetch from a path on this machine elsewhere",
    // What it replaces is the beginning of the URL, and ours is an absolute path.
    only: (value) => value === null || value === "" || value.startsWith("/"),
  },
  {
    keys: ["remote.*.uploadpack"],
    verdict: "refused",
    why: "this is a partial clone, and git older than 2.39.4 starts it for what is missing",
    only: (_, all) => all.some(({ key }) => /^(?:remote\..*\.promisor|extensions\.partialclone)$/.test(key)),
  },
  {
    keys: ["core.hookspath", "core.fsmonitor"],
    verdict: "overridden",
    why: "every git that we start gets its own value",
  },
  {
    keys: ["submodule.recurse", "fetch.recursesubmodules"],
    verdict: "overridden",
    why: "a submodule is a repository of its own, with a configuration of its own",
    by: ["submodule.recurse=false", "fetch.recurseSubmodules=false"],
  },
  {
    keys: ["commit.gpgsign", "merge.verifysignatures", "merge.autostash", "merge.ff"],
    verdict: "overridden",
    why: "flags say otherwise",
    by: ["commit.gpgSign=false", "merge.verifySignatures=false", "merge.autoStash=false"],
  },
  { keys: ["branch.*.mergeoptions"], verdict: "overridden", why: "empty in the environment of the merge" },
  {
    keys: ["gc.auto", "maintenance.auto", "fetch.writecommitgraph"],
    verdict: "overridden",
    why: "repacking somebody's repository is not ours to start",
    by: ["gc.auto=0", "maintenance.auto=false", "fetch.writeCommitGraph=false"],
  },
  {
    keys: ["protocol.version"],
    verdict: "overridden",
    why: "version 2 gives a commit by its id",
    by: ["protocol.version=2"],
  },
  { keys: ["protocol"], verdict: "harmless", why: "GIT_ALLOW_PROTOCOL goes before it" },
  { keys: ["remote"], verdict: "harmless", why: "the fetch names a path and its own upload-pack, never a remote" },
  {
    keys: ["core.sshcommand", "core.gitproxy", "core.askpass", "credential", "http", "ssh"],
    verdict: "harmless",
    why: "nothing asks the network",
  },
  {
    keys: ["core.editor", "sequence", "commit", "trailer"],
    verdict: "harmless",
    why: "a fast-forward writes no commit",
  },
  { keys: ["gpg"], verdict: "harmless", why: "nothing is signed or verified" },
  { keys: ["merge"], verdict: "harmless", why: "a fast-forward merges no contents, so that no driver has work" },
  { keys: ["core.pager", "pager", "interactive"], verdict: "harmless", why: "no output goes to a terminal" },
  { keys: ["diff", "difftool", "mergetool"], verdict: "harmless", why: "no difference is printed" },
  { keys: ["alias"], verdict: "harmless", why: "an alias cannot take the place of a command of git's own" },
  {
    keys: ["receive", "uploadpack", "uploadarchive"],
    verdict: "harmless",
    why: "nobody fetches from this repository or pushes to it",
  },
  { keys: ["submodule"], verdict: "harmless", why: "no submodule is updated" },
  {
    keys: [
      "browser",
      "man",
      "help",
      "web",
      "instaweb",
      "gui",
      "guitool",
      "gitk",
      "gitcvs",
      "sendemail",
      "imap",
      "svn",
      "svn-remote",
      "tar",
      "gitflow",
    ],
    verdict: "harmless",
    why: "of a command that we do not start",
  },
  {
    keys: [
      "noop",
      "noop-v1",
      "objectformat",
      "partialclone",
      "preciousobjects",
      "worktreeconfig",
      "relativeworktrees",
    ].map((name) => `extensions.${name}`),
    verdict: "harmless",
    why: "it changes how git reads this repository, not what it starts",
  },
  {
    keys: ["extensions.refstorage"],
    verdict: "refused",
    why: "its refs are not in plain files",
    only: (value) => value !== "files",
  },
];

// The rest of the section that holds most program keys: no value of these is started. Any other name in it is refused.
const PLAIN_CORE =
  "abbrev alternaterefsprefixes attributesfile autocrlf bare bigfilethreshold checkroundtripencoding checkstat " +
  "commentchar commentstring commitgraph compression configwritelocktimeoutms createobject deltabasecachelimit " +
  "disambiguate eol excludesfile filemode filesreflocktimeout fscache fsmonitorhookversion fsync fsyncmethod " +
  "fsyncobjectfiles hidedotfiles ignorecase ignorestat lockfilepid logallrefupdates longpaths loosecompression " +
  "maxtreedepth multipackindex notesref packedgitlimit packedgitwindowsize packedrefstimeout partialclonefilter " +
  "precomposeunicode prefersymlinkrefs preloadindex protecthfs protectntfs quotepath repositoryformatversion " +
  "restrictinheritedhandles safecrlf sharedrepository sparsecheckout sparsecheckoutcone splitindex symlinks trustctime " +
  "unsetenvvars untrackedcache usereplacerefs warnambiguousrefs whitespace wslcompat";

const CLOSED_SECTIONS: ReadonlySet<string> = new Set(["core", "extensions"]);
const KNOWN_CORE: ReadonlySet<string> = new Set(PLAIN_CORE.split(" "));
// Keys that git gets one day, and keys of programs that a filter of the user's own may start (git-lfs has such).
const NAMES_A_PROGRAM =
  /(?:command|cmd|program|hooks?|hookspath|helper|driver|process|clean|smudge|textconv|external|exec|proxy|askpass|editor|pager|browser|tool|agent|path|args|script|filter|tunnel|vcs|uri)$/;
const NO_PROGRAM = /^(?:|true|false|yes|no|on|off|\d+[kmg]?)$/i;

const RULE_OF: ReadonlyMap<string, Rule> = new Map(
  RULES.flatMap((rule) => rule.keys.map((key) => [key, rule] as const)),
);

/** `key=value` for `git -c`, one for each key whose own value must not count. */
export const OVERRIDES: readonly string[] = RULES.flatMap(({ by = [] }) => by);

/** The first key for which its checkout is left alone; null when none stands in the way. */
export function refusedKey(all: readonly LocalKey[]): (LocalKey & { readonly why: string }) | null {
  for (const each of all) {
    const { verdict, why } = judgeKey(each, all);
    if (verdict === "refused") return { ...each, why };
  }
  return null;
}

/** @param all the whole configuration: what one key does can hang on another */
export function judgeKey({ key, value }: LocalKey, all: readonly LocalKey[]): Judgement {
  const { section, name, canonical } = partsOf(key);
  const rule = RULE_OF.get(canonical) ?? (section === "core" && KNOWN_CORE.has(name) ? PLAIN : RULE_OF.get(section));
  if (rule) return rule.only === undefined || rule.only(value, all) ? rule : PLAIN;
  if (CLOSED_SECTIONS.has(section)) return { verdict: "refused", why: "it is not known what git does with it" };
  if (value !== null && NAMES_A_PROGRAM.test(name) && !NO_PROGRAM.test(value))
    return { verdict: "refused", why: "its name is that of a program, and it is not known who starts it" };
  return PLAIN;
}

const PLAIN: Rule = { keys: [], verdict: "harmless", why: "its value is not started" };

function partsOf(key: string): { section: string; name: string; canonical: string } {
  const first = key.indexOf(".");
  const last = key.lastIndexOf(".");
  const section = key.slice(0, first);
  const name = key.slice(last + 1);
  return { section, name, canonical: first === last ? key : `${section}.*.${name}` };
}
