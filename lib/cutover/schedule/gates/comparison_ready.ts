// Both schedules were compared, now and not when somebody last looked: the new one fires as the old one does.
import type { Gate } from "./gate.ts";

export const comparisonReady: Gate = {
  id: "comparison_ready",
  claim: "The runs of both schedules, compared now, say that the new one is ready",
  remedy: "scripts/compare_sweep_parallel.ts --hours 72 --baseline local-timer --candidate k8s-cronjob",
  look: async ({ move, terms }) => {
    const { hours, baseline, candidate } = terms;
    const judgement = await move.judges.compare({ hours, baseline, candidate });
    const remedy = `scripts/compare_sweep_parallel.ts --hours ${hours} --baseline ${baseline} --candidate ${candidate}`;
    return { remedy, ...judgement };
  },
};
