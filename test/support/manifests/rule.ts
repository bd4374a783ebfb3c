// What a rule is: something that no schema can see, said in one sentence, and a way to look for it.
import type { Manifest } from "./manifest.ts";

export interface World {
  /** Of one folder, as it is built. */
  readonly manifests: readonly Manifest[];
  /** Of the folder beside it: whom its network policies may mean. */
  readonly neighbours: readonly Manifest[];
  /** Where everything in it belongs. */
  readonly namespace: string;
  /** CronJobs that may be awake in this folder; every other one is suspended. */
  readonly awake: readonly string[];
  /** What our own parser says against a command line; null: nothing. */
  readonly refusal: (argv: readonly string[]) => string | null;
}

export interface Rule {
  readonly id: string;
  readonly says: string;
  /** One line for each breach, beginning with the object that it is in. */
  readonly look: (world: World) => readonly string[];
}
