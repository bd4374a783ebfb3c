// A read that many ask for at once is made for all of them together. Nobody joins one that is under way: its snapshot may be
// older than what the caller has just written. So at most one runs and one waits, however many ask.

interface Reads<T> {
  running: Promise<T>;
  next: Promise<T> | null;
}

/**
 * @returns gives what `read` gives, of a read that begins after the call; `key` names what is read
 */
export function sharedReads<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  const reads = new Map<string, Reads<T>>();
  const start = (key: string, read: () => Promise<T>): Promise<T> => {
    const running = read();
    const mine: Reads<T> = { running, next: null };
    reads.set(key, mine);
    const ended = () => {
      if (mine.next === null) reads.delete(key);
    };
    running.then(ended, ended);
    return running;
  };
  return (key, read) => {
    const now = reads.get(key);
    if (now === undefined) return start(key, read);
    // It takes the place of the running one at the moment when that has ended: from there on others wait for another.
    now.next ??= now.running.then(
      () => start(key, read),
      () => start(key, read),
    );
    return now.next;
  };
}
