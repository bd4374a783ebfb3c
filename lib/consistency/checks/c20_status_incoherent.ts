import type { TaskBlock } from "../../workplan/types.ts";
import type { Check } from "../check.ts";

const isOver = ({ status }: TaskBlock) => status === "done" || status === "cancelled";

export const statusIncoherent: Check = {
  id: "C-20",
  name: "status_incoherent",
  severity: "warning",
  proves: "a finished workplan has no open task, and one whose tasks are all over is finished",
  fix: "Correct the status of the workplan, or of the tasks that are named",
  *inFile(reading) {
    if (reading.state !== "parsed" || reading.tasks.length === 0 || reading.failedBlocks.length > 0) return;
    const { id, status, places } = reading.workplan;
    const where = {
      path: reading.path,
      ...(places.status ?? { line: 1, column: 1 }),
      subject: id,
      observed: `status: ${status}`,
    };
    const open = reading.tasks.filter((task) => !isOver(task));
    if (status === "finished" && open.length > 0) {
      yield {
        ...where,
        code: "finished_with_open_tasks",
        message: `Finished with open tasks: ${open.map((task) => task.id).join(", ")}`,
      };
    } else if (open.length === 0 && (status === "draft" || status === "active" || status === "blocked")) {
      yield {
        ...where,
        code: "open_without_open_tasks",
        message: "All its tasks are over",
        expected: "status: finished, or another task",
      };
    }
  },
};
