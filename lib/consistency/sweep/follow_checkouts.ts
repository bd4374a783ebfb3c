// Checkouts on this host follow their remote: a clean one that is behind is fast-forwarded, so that nobody edits a workplan
// from before the corrections. Any other stays as it is, byte for byte, and C-16 says why.
import { describeFailure } from "../../failure.ts";
import { type Advance, advanceCheckout } from "../../git/advance/advance_checkout.ts";
import { checkoutAt, readRef } from "../../git/checkout.ts";
import { pullGate } from "../checks/c16_pull_gate.ts";
import { type HubFinding, toFinding } from "../finding.ts";
import type { RunLedger } from "../run_ledger.ts";
import type { ScopedRepo } from "../scope.ts";
import type { Sighting } from "../sight.ts";

/** Whether a checkout's branch is elsewhere than at this commit: a few file reads. Of one that is gone nothing is said. */
export function checkoutsBehind({ twins }: ScopedRepo, branch: string, commit: string): boolean {
  return twins.some((path) => {
    const checkout = checkoutAt(path);
    return checkout !== null && readRef(checkout, `refs/heads/${branch}`) !== commit;
  });
}

/** Brings each checkout on this host to the tip of the sighting where it can be; tells the ledger of the others. */
export async function followCheckouts(
  repo: ScopedRepo,
  { checkout: mirror, tip, remote }: Pick<Sighting, "checkout" | "tip" | "remote">,
  ledger: RunLedger,
  host: string,
): Promise<void> {
  const left: HubFinding[] = [];
  for (const path of repo.twins) {
    if (path === remote?.own?.path) continue;
    const advance = await attempt(path, { branch: tip.branch, commit: tip.commit, mirror });
    if (advance.state === "left" && advance.code !== "missing")
      left.push(leftAlone(repo, `${host}:${path}`, tip.branch, advance));
  }
  ledger.aboutCheckouts.set(repo.id, left);
}

async function attempt(path: string, to: Omit<Parameters<typeof advanceCheckout>[1], "ownRemote">): Promise<Advance> {
  try {
    return await advanceCheckout(path, { ...to, ownRemote: false });
  } catch (error) {
    return { state: "left", code: "failed", observed: describeFailure(error) };
  }
}

export function leftAlone(
  { id }: ScopedRepo,
  place: string,
  branch: string,
  { code, observed, hint }: Extract<Advance, { state: "left" }>,
): HubFinding {
  const message = `The checkout was not fast-forwarded to its remote's ${branch}`;
  const seen = { code, subject: place, message, observed, hint: hint ?? null };
  return { repoId: id, ...toFinding(pullGate.id, pullGate.severity, pullGate.fix, seen) };
}
