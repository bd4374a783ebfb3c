// The registry: one line a check. Adding a check is a file in checks/ and its line here.
// C-00 is no check: it says that a run could not do its job.
import type { Check } from "./check.ts";
import { frontMatterUnreadable } from "./checks/c01_front_matter_unreadable.ts";
import { frontMatterIncomplete } from "./checks/c02_front_matter_incomplete.ts";
import { frontMatterInvalid } from "./checks/c03_front_matter_invalid.ts";
import { idMismatch } from "./checks/c04_id_mismatch.ts";
import { duplicateId } from "./checks/c05_duplicate_id.ts";
import { repoUnusable } from "./checks/c06_repo_unusable.ts";
import { workplanNotInHub } from "./checks/c07_workplan_not_in_hub.ts";
import { workstreamWithoutFile } from "./checks/c08_workstream_without_file.ts";
import { hubIdMismatch } from "./checks/c09_hub_id_mismatch.ts";
import { workplanDrift } from "./checks/c10_workplan_drift.ts";
import { workplanStatusDrift } from "./checks/c11_workplan_status_drift.ts";
import { taskNotInHub } from "./checks/c12_task_not_in_hub.ts";
import { taskWithoutBlock } from "./checks/c13_task_without_block.ts";
import { taskDrift } from "./checks/c14_task_drift.ts";
import { writebackPending } from "./checks/c15_writeback_pending.ts";
import { pullGate } from "./checks/c16_pull_gate.ts";
import { taskBlockUnreadable } from "./checks/c17_task_block_unreadable.ts";
import { taskInvalid } from "./checks/c18_task_invalid.ts";
import { referenceUnknown } from "./checks/c19_reference_unknown.ts";
import { statusIncoherent } from "./checks/c20_status_incoherent.ts";
import { humanGateIncomplete } from "./checks/c21_human_gate_incomplete.ts";
import { stale } from "./checks/c22_stale.ts";
import { unsafeContent } from "./checks/c23_unsafe_content.ts";

/** Raise it when a check or the reading of files changes its answers: every repository is then read again once. */
export const CHECKER_VERSION = 2;

export const CHECKS: readonly Check[] = [
  frontMatterUnreadable,
  frontMatterIncomplete,
  frontMatterInvalid,
  idMismatch,
  duplicateId,
  repoUnusable,
  workplanNotInHub,
  workstreamWithoutFile,
  hubIdMismatch,
  workplanDrift,
  workplanStatusDrift,
  taskNotInHub,
  taskWithoutBlock,
  taskDrift,
  writebackPending,
  pullGate,
  taskBlockUnreadable,
  taskInvalid,
  referenceUnknown,
  statusIncoherent,
  humanGateIncomplete,
  stale,
  unsafeContent,
];
