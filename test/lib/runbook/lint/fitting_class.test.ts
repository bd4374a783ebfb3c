// What a command is called, by commands that stand in runbooks or might.
import { expect, test } from "bun:test";
import { classOf } from "../../../../lib/runbook/lint/fitting_class.ts";

test.each([
  ["run", "scripts/state_hub.ts status"],
  ["run", "scripts/state_hub.ts migrate --status"],
  ["run", "scripts/consistency_check.ts --remote --all"],
  ["run", "scripts/cutover.ts schedule status"],
  ["run", `curl -sS -X POST "\${URL:?}/repos/garden/sync" -d x`],
  ["run", "systemctl --user start state-hub-consistency-sweep.service"],
  ["run", "systemctl --user list-timers"],
  ["run", "kubectl -n state-hub get cronjob"],
  ["run", "kubectl kustomize k8s/apps"],
  ["run", "podman build -t state-hub ."],
  ["plan", "scripts/state_hub.ts repo remove garden --dry-run"],
  ["plan", "scripts/consistency_check.ts --remote --all --plan plan.json"],
  ["plan", "scripts/state_hub.ts held show garden"],
  ["plan", "scripts/cutover.ts schedule switch --hours 72"],
  ["plan", "scripts/cutover.ts schedule rollback"],
  ["danger", "scripts/cutover.ts schedule switch --apply plan.json"],
  ["danger", "scripts/activity_definitions.ts sync"],
  ["danger", "scripts/state_hub.ts migrate"],
  ["danger", "rm -r mirrors"],
  ["danger", "/bin/kill -TERM 1"],
  ["danger", `curl -sS -X POST "\${URL:?}/decisions" -d x`],
  ["danger", "systemctl --user disable --now custodian-sync.timer"],
  ["danger", "loginctl enable-linger"],
  ["danger", "kubectl -n state-hub apply -k k8s/apps"],
  ["danger", "kubectl -n state-hub patch cronjob x --type json"],
  ["run", "scripts/backup_restore_drill.ts --from-store /backups --identity key.txt"],
  ["plan", "scripts/backup_restore_drill.ts prune --store /backups --keep-last 7 --plan plan.json"],
  ["danger", "scripts/backup_restore_drill.ts --from-store /backups --into env:TARGET_URL"],
  ["danger", "createdb --template=template0 state_hub"],
  ["danger", `psql "\${NEW:?}/state_hub" -c 'ALTER ROLE state_hub LOGIN'`],
  ["run", `psql "\${NEW:?}/state_hub" -c 'select 1'`],
  ["danger", "podman push registry.example/state-hub"],
])("classOf() %s: %s", (wanted, command) => {
  expect(classOf(command).class).toBe(wanted as "run" | "plan" | "danger");
});
