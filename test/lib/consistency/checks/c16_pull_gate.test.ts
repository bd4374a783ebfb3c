// C-16 is seen where a sweep fast-forwards checkouts; what each reason looks like is tested there. Here: what it is.
import { describe, expect, test } from "bun:test";
import { pullGate } from "../../../../lib/consistency/checks/c16_pull_gate.ts";
import { workplanText } from "../../../support/git_repo.ts";
import { play } from "./scene.ts";

describe("pullGate", () => {
  test("is a warning that tells how to let the checkout follow, and undoes nobody's work", () => {
    expect(pullGate).toMatchObject({ id: "C-16", name: "pull_gate", severity: "warning" });
    expect(pullGate.fix).toContain("git -C PATH pull --ff-only");
    expect(pullGate.fix).not.toMatch(/reset|stash|checkout|clean|rebase|force/);
  });

  test("is not said by a run over local tips: a checkout with work in it is nobody's mistake", async () => {
    const { told } = await play({
      files: { "workplans/CO-WP-0001.md": workplanText({ id: "CO-WP-0001" }) },
      change: async ({ repo }) => repo.edit({ "README.md": "work in progress\n" }),
    });
    expect(told).toEqual([]);
  });
});
