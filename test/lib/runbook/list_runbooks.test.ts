// The list: what each runbook is for, its blocks by class, and when somebody last went through it.
import { expect, test } from "bun:test";
import { listRunbooks } from "../../../lib/runbook/list_runbooks.ts";
import { plainView } from "../../support/plain_view.ts";
import { inToolkit, TEND, tendWith } from "./small_toolkit.ts";

test("listRunbooks() counts blocks by class and finds the date of the last rehearsal in its own section", async () => {
  const files = {
    "runbooks/never.md": tendWith("2026-11-21, by its author.", "Not yet.").replace("Nobody", "On 2025-01-01 nobody"),
  };
  await inToolkit(files, async (root) => {
    const outcome = listRunbooks(root);
    const blocks = { run: 2, plan: 1, danger: 1 };
    expect(outcome.document).toEqual({
      runbooks: [
        {
          name: "never",
          file: "runbooks/never.md",
          title: "Tend the garden",
          blocks,
          last_rehearsed: null,
        },
        { name: "tend", file: TEND, title: "Tend the garden", blocks, last_rehearsed: "2026-11-21" },
      ],
    });
    const said = outcome.render(await plainView()).split("\n");
    expect(said[0]).toMatch(/^runbook +for +run +plan +danger +last rehearsed$/);
    expect(said[2]).toMatch(/^never +Tend the garden +2 +1 +1 +never$/);
    expect(outcome.next).toBe("scripts/runbook.ts lint");
  });
});
