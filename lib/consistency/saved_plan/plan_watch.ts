// What a run tells whoever makes a saved plan of it, or holds it to one, while it goes on: what was read, what is about to
// be written, and the moment at which that can still be refused. Types alone, so that a run without a plan loads nothing.
import type { Reader, Transaction } from "../../db/handles.ts";
import type { OpsFailure } from "../../failure.ts";
import type { HubSnapshot } from "../hub_snapshot.ts";
import type { TakenReading } from "../readings.ts";
import type { RepoPlan } from "../repo_plan.ts";
import type { RepoReading } from "../repo_reading.ts";
import type { ScopedRepo } from "../scope.ts";
import type { Sighting } from "../sight.ts";
import type { SourceOrder } from "../source_order.ts";
import type { Correction } from "../sweep/correction.ts";
import type { Vocabulary } from "../vocabulary.ts";

export interface ReadRepo {
  readonly repo: ScopedRepo;
  readonly sighting: Sighting;
  readonly order: SourceOrder;
  readonly reading: RepoReading;
}

/** One repository's plan, in the transaction that is about to write it. */
export interface PlannedRepo {
  readonly repo: ScopedRepo;
  readonly reading: RepoReading;
  readonly hub: HubSnapshot;
  readonly plan: RepoPlan;
}

/** For one attempt of one run; each that throws does so before the thing it was told of is written. */
export interface PlanWatch {
  /** The repositories to look at. @param load finds them as a run without a plan does */
  scope(sql: Reader, load: () => Promise<ScopedRepo[]>): Promise<ScopedRepo[]>;
  /** Whether the run may write anything about this repository; of another it only reads the files. */
  concerns(repoId: string): boolean;
  read(seen: ReadRepo): void;
  /** Everything was read and nothing is written yet. @returns what is to be reconciled, one after the other */
  chosen<T extends Pick<ReadRepo, "repo">>(read: readonly T[]): T[];
  /** Domains and topics that are about to be made. */
  vocabulary(unknown: readonly Vocabulary[]): void;
  /** Where the new rows of one plan get their ids from. */
  minter(repoId: string, reading: RepoReading): () => string;
  planned(tx: Transaction, planned: PlannedRepo): Promise<void>;
  /** @returns what the files will say once they are published, where the run only rehearses that; else null */
  edited(repo: ScopedRepo, taken: TakenReading, corrections: readonly Correction[]): RepoReading | null;
  done(repoId: string, writtenBack: number): void;
  /** At the end of a run: what of the plan was not done; null when all of it was. */
  unfinished(): OpsFailure | null;
}

/** What a run is asked to do about a plan. */
export interface PlanWork {
  /** A rehearsal comes first, and the run that writes follows only when nothing has moved. */
  readonly applies: boolean;
  /** Watches a dry run from its start; asked again when that begins anew. */
  rehearse(): PlanWatch;
  /** After the rehearsal of a plan that is to be applied. @throws OpsFailure that lists what moved */
  perform(): PlanWatch;
}
