# Completes the toolkit's scripts in bash and zsh. Once, in ~/.bashrc or ~/.zshrc:
#   . /path/to/the/toolkit/scripts/completion.sh
# Made of the scripts' flag tables and the names of the runbooks; `scripts/bun test/write_completion.ts` writes it again.

if [ -n "${ZSH_VERSION-}" ]; then
  type compdef >/dev/null 2>&1 || { autoload -Uz compinit && compinit -i; }
  type complete >/dev/null 2>&1 || { autoload -Uz bashcompinit && bashcompinit; }
fi

_state_hub_ops_words() {
  local rest
  case "$1" in
    "activity_definitions.ts: render "*)
      words=''
      flags='--definitions --root --dry-run --json --quiet --debug --help --version'
      valued=' --definitions --root '
      choices='' ;;
    "activity_definitions.ts: check "*)
      words=''
      flags='--definitions --root --files --json --quiet --debug --help --version'
      valued=' --definitions --root '
      choices='' ;;
    "activity_definitions.ts: list "*)
      words=''
      flags='--definitions --json --quiet --debug --help --version'
      valued=' --definitions '
      choices='' ;;
    "activity_definitions.ts: sync "*)
      words=''
      flags='--definitions --dry-run --json --quiet --debug --help --version'
      valued=' --definitions '
      choices='' ;;
    "activity_definitions.ts: "*)
      words='list check render sync'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "backup_restore_drill.ts: backup "*)
      words=''
      flags='--store --encrypt --jobs --lock-wait --workspace --json --quiet --debug --help --version'
      valued=' --store --encrypt --jobs --lock-wait --workspace '
      choices='' ;;
    "backup_restore_drill.ts: prune "*)
      words=''
      flags='--store --keep-last --keep-days --plan --apply --json --quiet --debug --help --version'
      valued=' --store --keep-last --keep-days --plan --apply '
      choices='' ;;
    "backup_restore_drill.ts: list "*)
      words=''
      flags='--store --database --json --quiet --debug --help --version'
      valued=' --store --database '
      choices='' ;;
    "backup_restore_drill.ts: "*)
      words='backup list prune'
      flags='--encrypt --identity --store --from-store --at --database --into --jobs --lock-wait --workspace --json --quiet --debug --help --version'
      valued=' --encrypt --identity --store --from-store --at --database --into --jobs --lock-wait --workspace '
      choices='' ;;
    "cleanup_stale_tasks.ts: "*)
      words=''
      flags='--days --apply --max-seconds --requires --source --json --quiet --debug --help --version'
      valued=' --days --max-seconds --requires --source '
      choices='--requires=state-hub.health --source=manual --source=local-timer --source=activity-core --source=k8s-cronjob --source=git-hook --source=api' ;;
    "compare_sweep_parallel.ts: "*)
      words=''
      flags='--hours --baseline --candidate --via --json --quiet --debug --help --version'
      valued=' --hours --baseline --candidate --via '
      choices='--baseline=manual --baseline=local-timer --baseline=activity-core --baseline=k8s-cronjob --baseline=git-hook --baseline=api --candidate=manual --candidate=local-timer --candidate=activity-core --candidate=k8s-cronjob --candidate=git-hook --candidate=api' ;;
    "consistency_check.ts: "*)
      words=''
      flags='--repo --all --remote --write-back --no-write-back --max-seconds --concurrency --per-host --via --requires --requires-within --run-id --dry-run --plan --apply --full --strict --no-strict --source --json --quiet --debug --help --version'
      valued=' --repo --max-seconds --concurrency --per-host --via --requires --requires-within --run-id --plan --apply --source '
      choices='--requires=state-hub.health --source=manual --source=local-timer --source=activity-core --source=k8s-cronjob --source=git-hook --source=api' ;;
    "cutover.ts: schedule rollback "*)
      words=''
      flags='--context --namespace --plan --apply --cluster-is-gone --json --quiet --debug --help --version'
      valued=' --context --namespace --plan --apply '
      choices='' ;;
    "cutover.ts: schedule canary "*)
      words=''
      flags='--context --namespace --plan --apply --parallel --end --json --quiet --debug --help --version'
      valued=' --context --namespace --plan --apply '
      choices='' ;;
    "cutover.ts: schedule status "*)
      words=''
      flags='--context --namespace --json --quiet --debug --help --version'
      valued=' --context --namespace '
      choices='' ;;
    "cutover.ts: schedule switch "*)
      words=''
      flags='--context --namespace --plan --apply --hours --baseline --candidate --json --quiet --debug --help --version'
      valued=' --context --namespace --plan --apply --hours --baseline --candidate '
      choices='--baseline=manual --baseline=local-timer --baseline=activity-core --baseline=k8s-cronjob --baseline=git-hook --baseline=api --candidate=manual --candidate=local-timer --candidate=activity-core --candidate=k8s-cronjob --candidate=git-hook --candidate=api' ;;
    "cutover.ts: schedule "*)
      words='status canary switch rollback'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "cutover.ts: "*)
      words='schedule'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "on_host.ts: "?*" "*".ts "*)
      rest="${1#*: }"
      while case "${rest%% *}" in *.ts) false ;; esac; do rest="${rest#* }"; done
      _state_hub_ops_words "${rest%% *}: ${rest#* }" ;;
    "on_host.ts: "?*)
      words='activity_definitions.ts backup_restore_drill.ts cleanup_stale_tasks.ts compare_sweep_parallel.ts consistency_check.ts cutover.ts runbook.ts state_hub.ts tunnel_health.ts'
      flags='--toolkit --timeout --json --quiet --debug --help --version'
      valued=' --toolkit --timeout '
      choices='' ;;
    "on_host.ts: "*)
      words=''
      flags='--toolkit --timeout --json --quiet --debug --help --version'
      valued=' --toolkit --timeout '
      choices='' ;;
    "runbook.ts: lint "*)
      words='activity_definitions add_a_machine backup_restore_drill consistency_sweep container_image cutover_schedule git_hook lifecycle_events operate_over_ssh state_hub tunnel_health'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "runbook.ts: list "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "runbook.ts: run "*)
      words='activity_definitions add_a_machine backup_restore_drill consistency_sweep container_image cutover_schedule git_hook lifecycle_events operate_over_ssh state_hub tunnel_health'
      flags='--from --only --all --confirm --timeout --dry-run --json --quiet --debug --help --version'
      valued=' --from --only --confirm --timeout '
      choices='' ;;
    "runbook.ts: "*)
      words='list lint run'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: events replay "*)
      words=''
      flags='--since --all --dry-run --json --quiet --debug --help --version'
      valued=' --since '
      choices='' ;;
    "state_hub.ts: waiver remove "*)
      words=''
      flags='--dry-run --json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: hook install "*)
      words=''
      flags='--dry-run --json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: events tail "*)
      words=''
      flags='--last --since --count --max-seconds --json --quiet --debug --help --version'
      valued=' --last --since --count --max-seconds '
      choices='' ;;
    "state_hub.ts: hook remove "*)
      words=''
      flags='--dry-run --json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: hook status "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: repo remove "*)
      words=''
      flags='--dry-run --json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: waiver list "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: held apply "*)
      words=''
      flags='--digest --dry-run --json --quiet --debug --help --version'
      valued=' --digest '
      choices='' ;;
    "state_hub.ts: waiver add "*)
      words=''
      flags='--owner --reason --days --repo --path --subject --dry-run --json --quiet --debug --help --version'
      valued=' --owner --reason --days --repo --path --subject '
      choices='' ;;
    "state_hub.ts: held list "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: held show "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: repo list "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: repo add "*)
      words=''
      flags='--slug --domain --remote-url --accept-history --dry-run --json --quiet --debug --help --version'
      valued=' --slug --domain --remote-url '
      choices='' ;;
    "state_hub.ts: explain "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: migrate "*)
      words=''
      flags='--status --dry-run --json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: events "*)
      words='tail replay'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: status "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: waiver "*)
      words='add list remove'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: serve "*)
      words=''
      flags='--host --port --proxy --json --quiet --debug --help --version'
      valued=' --host --port --proxy '
      choices='' ;;
    "state_hub.ts: held "*)
      words='list show apply'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: hook "*)
      words='install remove status'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: repo "*)
      words='add list remove'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: stop "*)
      words=''
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "state_hub.ts: "*)
      words='status migrate repo explain held waiver hook serve events stop'
      flags='--json --quiet --debug --help --version'
      valued='  '
      choices='' ;;
    "tunnel_health.ts: render "*)
      words=''
      flags='--config --dry-run --json --quiet --debug --help --version'
      valued=' --config '
      choices='' ;;
    "tunnel_health.ts: "*)
      words='render'
      flags='--config --watch --hold --timeout --interval --rounds --slow --json --quiet --debug --help --version'
      valued=' --config --hold --timeout --interval --rounds --slow '
      choices='' ;;
    *) words='' flags='' valued='' choices='' ;;
  esac
}

_state_hub_ops() {
  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
  local script="${COMP_WORDS[0]##*/}" typed='' flag='' at=1 each words flags valued choices
  COMPREPLY=()
  while [ "$at" -lt "$COMP_CWORD" ]; do
    each="${COMP_WORDS[$at]}"
    case "$each" in -* | =) ;; *) typed="$typed $each" ;; esac
    at=$((at + 1))
  done
  _state_hub_ops_words "$script:$typed "
  # bash takes --flag=value for three words, zsh for one.
  if [ "$word" = = ]; then
    flag="$before" word=''
  elif [ "$before" = = ]; then
    flag="${COMP_WORDS[COMP_CWORD-2]}"
  else
    case "$word" in
      --*=*)
        COMPREPLY=($(compgen -W "$choices" -- "$word"))
        return ;;
    esac
    case "$valued" in *" $before "*) flag="$before" ;; esac
  fi
  if [ -n "$flag" ]; then
    at=''
    for each in $choices; do
      case "$each" in "$flag="*) at="$at ${each#*=}" ;; esac
    done
    # Without choices it is a file, or what only its user knows: the shell's own completion.
    [ -z "$at" ] || COMPREPLY=($(compgen -W "$at" -- "$word"))
    return
  fi
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) [ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  esac
}

complete -o default -F _state_hub_ops activity_definitions.ts backup_restore_drill.ts cleanup_stale_tasks.ts compare_sweep_parallel.ts consistency_check.ts cutover.ts on_host.ts runbook.ts state_hub.ts tunnel_health.ts
