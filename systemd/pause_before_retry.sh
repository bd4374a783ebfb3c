#!/bin/sh
# The more starts of a unit in a row came to nothing, the longer the next one waits: 1 s, 2 s, 4 s, at most 64 s. A run that lasted ends the
# row. For ExecStartPre=; systemd has a pause of its own that grows (RestartSteps=) from version 254 on.
# Usage: pause_before_retry.sh UNIT SECONDS_THAT_COUNT_AS_LASTING
set -eu
property() { systemctl --user show --property="$1" --value "$2"; }

lasted_us=$(($(property ActiveExitTimestampMonotonic "$1") - $(property ActiveEnterTimestampMonotonic "$1")))
if [ "$lasted_us" -ge $(($2 * 1000000)) ]; then systemctl --user reset-failed "$1"; fi
restarts=$(property NRestarts "$1")
if [ "$restarts" -gt 0 ]; then sleep $((1 << (restarts > 6 ? 6 : restarts - 1))); fi
