// Which files of a repository are workplans. Apart from reading them, so that a run in which nothing changed need not load
// what parses Markdown and YAML. (pure)

export const WORKPLANS_FOLDER = "workplans";

/** Below `workplans/`: every `.md` file but `README.md`, which is an index for people. */
export function isWorkplanPath(path: string): boolean {
  return path.endsWith(".md") && !path.endsWith("/README.md");
}
