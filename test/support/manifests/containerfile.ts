// k8s/Containerfile, read and asked. It can be built only where there is an engine; most of what goes wrong with one is
// written in it: a base that moves, a user that is root, a file that is copied and was not sent.

export interface Instruction {
  /** "FROM", "RUN", ... */
  readonly word: string;
  /** The rest, its lines joined. */
  readonly rest: string;
}

export function instructionsIn(text: string): Instruction[] {
  const joined = text
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .replace(/\\\n\s*/g, "");
  return joined.split("\n").flatMap((line) => {
    const [, word = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    return word === "" ? [] : [{ word, rest }];
  });
}

/** What is copied out of the repository: sources, and where they go. */
export function copiesIn(instructions: readonly Instruction[]): { readonly from: string; readonly to: string }[] {
  const last = instructions.findLastIndex(({ word }) => word === "FROM");
  return instructions
    .slice(last)
    .filter(({ word, rest }) => word === "COPY" && !rest.startsWith("--from="))
    .flatMap(({ rest }) => {
      const words = rest.split(/\s+/);
      const target = words.pop() ?? "";
      return words.map((from) => ({ from, to: target.endsWith("/") ? `${target}${from.split("/").at(-1)}` : target }));
    });
}

/** Whether a path of the repository is sent to the build: the last pattern that means it, or a folder above it, decides. */
export function isSent(ignore: string, path: string): boolean {
  const parts = path.split("/");
  const above = parts.map((_, at) => parts.slice(0, at + 1).join("/"));
  const patterns = ignore.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return patterns.reduce((sent, pattern) => {
    const glob = new Bun.Glob(pattern.replace(/^!/, ""));
    return above.some((each) => glob.match(each)) ? pattern.startsWith("!") : sent;
  }, true);
}

interface ContainerfileRule {
  readonly id: string;
  readonly breach: (instructions: readonly Instruction[]) => boolean;
}

const PROVENANCE = ["version", "revision", "created", "source", "base.name", "base.digest"];
const all = (instructions: readonly Instruction[], word: string) =>
  instructions.filter((each) => each.word === word).map(({ rest }) => rest);
const defaultOf = (instructions: readonly Instruction[], name: string) =>
  all(instructions, "ARG")
    .find((rest) => rest.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? "";

const RULES: readonly ContainerfileRule[] = [
  {
    id: "base-by-digest",
    breach: (found) =>
      !/^sha256:[0-9a-f]{64}$/.test(defaultOf(found, "BASE_DIGEST")) ||
      !/^\S+\/debian:13\.\d+-slim$/.test(defaultOf(found, "BASE")) ||
      all(found, "FROM").some((rest) => !/^\$\{BASE\}@\$\{BASE_DIGEST\}( AS \w+)?$/.test(rest)),
  },
  { id: "user-by-number", breach: (found) => !/^[1-9]\d*:[1-9]\d*$/.test(all(found, "USER").at(-1) ?? "") },
  {
    id: "provenance",
    breach: (found) =>
      PROVENANCE.some((name) => !all(found, "LABEL").join(" ").includes(`org.opencontainers.image.${name}="\${`)),
  },
  {
    id: "provenance-is-asked-for",
    breach: (found) =>
      ["VERSION", "REVISION", "CREATED", "SOURCE"].some(
        (name) => !all(found, "RUN").join(" ").includes(`\${${name}:?}`),
      ),
  },
  {
    id: "no-secret",
    breach: (found) =>
      [...all(found, "ARG"), ...all(found, "ENV")].some((rest) => /PASSW|SECRET|TOKEN|_KEY|_URL/.test(rest)),
  },
  {
    id: "nothing-but-debian-and-npm",
    breach: (found) =>
      all(found, "ADD").length > 0 || all(found, "RUN").some((rest) => /https?:|curl|wget|npx|pip /.test(rest)),
  },
  {
    id: "lean-packages",
    breach: (found) =>
      all(found, "RUN").some(
        (rest) =>
          rest.includes("apt-get install") &&
          !(rest.includes("--no-install-recommends") && rest.includes("rm -rf /var/lib/apt/lists/*")),
      ),
  },
  { id: "locked-packages", breach: (found) => !all(found, "RUN").some((rest) => rest.startsWith("npm ci --omit=dev")) },
  { id: "signals-reach-it", breach: (found) => all(found, "ENTRYPOINT").join() !== '["/usr/bin/tini", "--"]' },
  { id: "no-healthcheck", breach: (found) => all(found, "HEALTHCHECK").join() !== "NONE" },
];
export const CONTAINERFILE_RULES: readonly string[] = RULES.map(({ id }) => id);

/** Ids of the rules that it breaks. */
export function containerfileBreaches(text: string): string[] {
  const instructions = instructionsIn(text);
  return RULES.filter(({ breach }) => breach(instructions)).map(({ id }) => id);
}
