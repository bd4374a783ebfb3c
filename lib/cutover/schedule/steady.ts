// A door through which a change is made: once sent it is waited for, also by a run that was asked to stop. Cut off in the middle
// it would be done all the same, and nobody would have seen how it ended. (pure)

/** The same door, deaf to the run's end; its own deadlines hold. */
export function steady<D extends { readonly signal: AbortSignal }>(door: D): D {
  return { ...door, signal: new AbortController().signal };
}
