// A few connections at a time that a host has not let in yet; the next one waits for its turn. Beyond ten sshd drops some at
// random (sshd_config(5), MaxStartups 10:30:100), and of many healthy tunnels to one host some would be found down.

/** Leaves three to everybody else who logs in. */
export const OPENING_AT_ONCE = 7;

export interface Turn {
  /** The next one's turn begins. Only the first call counts. @param letIn whether the host has let this one in */
  end(letIn: boolean): void;
}

/** `none_let_in`: nobody before it was, all the time that it waited. `too_many`: some were, and it was not reached. */
export type NoTurn = "none_let_in" | "too_many";

export interface TurnTerms {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

interface Queue {
  opening: number;
  letIn: number;
  /** In the order in which they came. */
  readonly waiting: Set<() => void>;
}

const queues = new Map<string, Queue>();

/**
 * Waits until fewer than OPENING_AT_ONCE connections of this process are being opened to a place.
 * @param place the same words for the same sshd: `host:port`
 * @throws the signal's reason
 */
export async function takeTurn(place: string, terms: TurnTerms): Promise<Turn | NoTurn> {
  terms.signal.throwIfAborted();
  const queue = queues.get(place) ?? { opening: 0, letIn: 0, waiting: new Set() };
  queues.set(place, queue);
  const { letIn } = queue;
  if (queue.opening < OPENING_AT_ONCE) queue.opening++;
  else if (!(await isCalled(queue, terms))) return queue.letIn > letIn ? "too_many" : "none_let_in";
  return turnOf(place, queue);
}

function turnOf(place: string, queue: Queue): Turn {
  let isOver = false;
  return {
    end: (letIn) => {
      if (isOver) return;
      isOver = true;
      if (letIn) queue.letIn++;
      const [next] = queue.waiting;
      // Handed on: the count stays as it is.
      if (next !== undefined) return next();
      queue.opening--;
      if (queue.opening === 0) queues.delete(place);
    },
  };
}

async function isCalled({ waiting }: Queue, { withinMs, signal }: TurnTerms): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const call = () => {
    waiting.delete(call);
    resolve(true);
  };
  const leave = () => {
    // Called already: then the turn is this one's.
    if (waiting.delete(call)) resolve(false);
  };
  waiting.add(call);
  const timer = setTimeout(leave, withinMs);
  signal.addEventListener("abort", leave, { once: true });
  const called = await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", leave);
  if (!called) signal.throwIfAborted();
  return called;
}
