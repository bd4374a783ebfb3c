// Runs that were asked for over HTTP: their state is in the database, so that whoever asks again, also another hub, finds
// the same run. This hub only does the work.

export interface RunHost {
  /** No new run is begun; those in flight end by themselves, or are recorded as interrupted when `withinMs` is over. */
  stop(withinMs: number): Promise<void>;
}
