// The lint as a whole: which pages, in what order, and that it says so when it could not look.
import { expect, test } from "bun:test";
import { environmentForPrograms } from "../../../lib/config.ts";
import { RULES } from "../../../lib/runbook/lint/rules.ts";
import { lintRunbooks } from "../../../lib/runbook/lint_runbooks.ts";
import { plainView } from "../../support/plain_view.ts";
import { CLEAN, GARDEN, INDEX, inToolkit, lintOf, TEND, tendWith } from "./small_toolkit.ts";

const request = (root: string, names: readonly string[] = []) => ({
  root,
  names,
  scriptNamed: async () => GARDEN,
  env: environmentForPrograms(),
  signal: AbortSignal.timeout(20_000),
});

test("lintRunbooks() exits 1 with one line for each problem, and says what was checked and what is next", async () => {
  const broken = tendWith("north --dry-run", "north --dry-rn").replace("(#dig-a-bed)", "(#dig)");
  await inToolkit({ [TEND]: broken }, async (root) => {
    const outcome = await lintRunbooks(request(root));
    expect(outcome.exitCode).toBe(1);
    const said = outcome.render(await plainView(40)).split("\n");
    expect(said).toEqual([
      expect.stringMatching(/^runbooks\/tend\.md:7 dead-link this page has no heading #dig; .+$/),
      expect.stringMatching(/^runbooks\/tend\.md:24 toolkit-command scripts\/garden\.ts dig north --dry-rn: .+; .+$/),
      "",
      `2 problems on 1 page: 2 pages with 4 blocks, 6 commands, 3 links checked by ${RULES.length} rules`,
    ]);
    expect(outcome.next).toBe("scripts/runbook.ts lint runbooks/tend.md");
  });
});

test("lintRunbooks() exits 0 and names the next command when nothing is wrong", async () => {
  await inToolkit({}, async (root) => {
    const outcome = await lintRunbooks(request(root));
    expect([outcome.exitCode, outcome.next]).toEqual([0, "scripts/runbook.ts list"]);
    expect(outcome.render(await plainView())).toStartWith("Nothing to mend: 2 pages with 4 blocks");
  });
});

test("lintReport() looks at the pages that were asked for, however they are called, and still knows the others", async () => {
  const files = { "runbooks/other.md": "no runbook at all\n", [INDEX]: `${CLEAN[INDEX]}\n[other](other.md)\n` };
  for (const name of ["tend", "tend.md", TEND, `./${TEND}`]) {
    expect(await lintOf(files, [name])).toMatchObject({ pages: [TEND], problems: [] });
  }
  expect((await lintOf(files, ["tend", TEND])).pages).toEqual([TEND]);
  expect((await lintOf(files)).problems.map(({ file }) => file)).toEqual(["runbooks/other.md", "runbooks/other.md"]);
});

test("lintReport() refuses a page that is not there as wrong usage, and says which is meant", async () => {
  const failure = await lintOf({}, ["tendd"]).catch((error) => error);
  expect(failure).toMatchObject({ kind: "usage", observed: "tendd", hint: "scripts/runbook.ts lint tend" });
});

test("lintReport() fails where there is no runbook: a lint of nothing would pass", async () => {
  const failure = await lintOf({ [TEND]: null }).catch((error) => error);
  expect(failure).toMatchObject({ kind: "automation", message: "Could not find the runbooks" });
});

test("lintReport() fails where bash cannot be asked", async () => {
  const asked = inToolkit({}, (root) => lintRunbooks({ ...request(root), env: { PATH: "/nowhere" } }));
  expect(await asked.catch((error) => error)).toMatchObject({ message: "Could not start bash" });
});

test("lintReport() fails where a script cannot be loaded", async () => {
  const scriptNamed = () => Promise.reject(new Error("a script with a mistake in it"));
  const asked = inToolkit({}, (root) => lintRunbooks({ ...request(root), scriptNamed }));
  expect(await asked.catch((error) => error)).toMatchObject({ message: "a script with a mistake in it" });
});

test("lintReport() looks at the README files beside the runbooks for commands and links, not for headings", async () => {
  const readme = "# Units\n\n```sh\nscripts/garden.ts shw north\n```\n\n[gone](active/gone.service)\n";
  const { problems, pages } = await lintOf({ "systemd/README.md": readme });
  expect(pages).toEqual([TEND, INDEX, "systemd/README.md"]);
  expect(problems.map(({ file, line, rule }) => [file, line, rule])).toEqual([
    ["systemd/README.md", 4, "toolkit-command"],
    ["systemd/README.md", 7, "dead-link"],
  ]);
});

test("lintReport() runs nothing of what it reads", async () => {
  const marks = ["; touch ran", "\n}; touch ran; b() {", "$(touch ran)", "<(touch ran)", "\0touch ran"];
  await inToolkit({}, async (root) => {
    for (const mark of marks) {
      const text = tendWith("grep -c dug", `grep ${mark.replace("ran", `${root}/ran`)} dug`);
      await Bun.write(`${root}/${TEND}`, text);
      await lintRunbooks(request(root)).catch(String);
      expect([mark, await Bun.file(`${root}/ran`).exists()]).toEqual([mark, false]);
    }
  });
});
