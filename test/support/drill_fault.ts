// What can happen to a drill or a backup that nobody is to blame for, and what has to be said then; and the commands that it happens to.
import { type Program, signalled, type WorkingProgram } from "./drill_faults_programs.ts";
import type { FaultScene } from "./drill_faults_scene.ts";

export interface Fault {
  /** Completes "a run tells and leaves nothing when ...". */
  readonly what: string;
  readonly args: (scene: FaultScene) => readonly string[];
  readonly env?: (scene: FaultScene) => Record<string, string>;
  /** Before the run; @returns what takes it away again. */
  readonly before?: (scene: FaultScene) => Promise<(() => unknown) | undefined>;
  /** This program is frozen, then `happens`, then it goes on. */
  readonly amid?: Program;
  readonly happens?: (scene: FaultScene, program: WorkingProgram) => unknown;
  readonly says: RegExp;
  /** What to type, or to do. */
  readonly hint: RegExp;
  readonly quick?: true;
}

export const encrypted = ({ key }: FaultScene) => ["--encrypt", key.recipient];
export const backup = (scene: FaultScene) => ["backup", "--store", scene.store, ...encrypted(scene)];
export const fromStore = ({ store, key }: FaultScene) => ["--from-store", store, "--identity", key.identity];
export const sftp = ({ sshd, remote }: FaultScene) => sshd.urlOf(remote).replace(/^ssh:/, "sftp:");
export const killed = (_scene: FaultScene, program: WorkingProgram) => signalled(program, "SIGKILL");
