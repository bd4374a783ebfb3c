// The drop-ins with which a test's accounts run the shipped units: homes below /tmp, a timer that nobody waits five minutes for,
// and a proof before each check that the sandbox is there at all: where systemd can make none it goes on without.

/** Seconds from one check of the timer to the next. */
export const TIMER_S = 3;

const filtered = 'grep -q "^Seccomp:.*2" /proc/self/status && grep -q "^NoNewPrivs:.*1" /proc/self/status';
const alone = 'test "$$(wc -l < /proc/self/uid_map)" = 1 && ! grep -q 4294967295 /proc/self/uid_map';
const proof = (command: string) => `ExecStartPre=/bin/sh -c '${command}'\n`;

/** By unit, for the machine. */
export const DROP_INS: Readonly<Record<string, string>> = {
  "state-hub-tunnel@.service": `[Service]\nPrivateTmp=no\nRestartSec=200ms\nExecStartPre=\nStandardError=append:%h/ssh.log\n${proof(`${filtered} && ${alone}`)}`,
  "state-hub-tunnel-health.service": `[Service]\nStandardOutput=append:%h/health.log\nStandardError=append:%h/health.log\n${proof(filtered)}`,
  "state-hub-tunnel-health.timer": `[Timer]\nOnCalendar=\nOnCalendar=*-*-* *:*:00/${TIMER_S} UTC\nRandomizedDelaySec=0\n`,
};

/** Several hubs run on a machine that runs tests. */
export function dropInOfHub(port: number): string {
  return `[Service]\nExecStart=\nExecStart=%h/state-hub-ops/scripts/state_hub.ts serve --port ${port}\nRestartSec=200ms\n`;
}
