export interface SlotLimits {
  /** Slots of one origin. */
  readonly maxPerOrigin: number;
  /** Slots of all origins together. */
  readonly maxTotal: number;
  /** How many may wait for a slot of one origin. */
  readonly maxQueued: number;
}

/** A place in the queue of an origin. */
interface Waiter {
  readonly origin: string;
  readonly ready: () => void;
}

/**
 * Who may use a socket: an exchange holds a slot from before it asks for a socket until the socket is free again. Does no
 * I/O, knows no time.
 *
 * Node's agents have such limits of their own, but each agent for itself; theirs let the idle sockets of one origin keep
 * another from ever getting one, and a request that was given up keeps its place in their queue.
 */
export class SocketSlots {
  readonly #limits: SlotLimits;
  /** Origin → slots taken, for origins that have any. */
  readonly #taken = new Map<string, number>();
  #total = 0;
  /** Origin → those who wait, in order, for origins that have any; the origin that has waited longest for a turn first. */
  readonly #queues = new Map<string, Set<Waiter>>();

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /** Whether this origin, rather than all of them together, has taken what it may. */
  isFull(origin: string): boolean {
    return this.#takenBy(origin) >= this.#limits.maxPerOrigin;
  }

  /** @returns whether a slot was free; `release` gives it back */
  take(origin: string): boolean {
    if (!this.#hasRoom(origin)) return false;
    this.#add(origin, 1);
    return true;
  }

  /**
   * Waits for a slot where `take` found none.
   * @param ready called when the slot is taken for the caller
   * @returns gives up waiting; undefined when the queue of this origin is full
   */
  queue(origin: string, ready: () => void): (() => void) | undefined {
    const waiter = { origin, ready };
    const queue = this.#queues.get(origin);
    if (!queue) this.#queues.set(origin, new Set([waiter]));
    else if (queue.size >= this.#limits.maxQueued) return undefined;
    else queue.add(waiter);
    return () => this.#leaveQueue(waiter);
  }

  queued(origin: string): number {
    return this.#queues.get(origin)?.size ?? 0;
  }

  /** Origins that somebody waits for. */
  get queuedOrigins(): Iterable<string> {
    return this.#queues.keys();
  }

  release(origin: string): void {
    this.#add(origin, -1);
    for (const [candidate, queue] of this.#queues) {
      if (!this.#hasRoom(candidate)) continue;
      const [next] = queue as Set<Waiter> & [Waiter];
      this.#leaveQueue(next);
      this.#moveToEnd(candidate);
      this.#add(candidate, 1);
      next.ready();
      return;
    }
  }

  #takenBy(origin: string): number {
    return this.#taken.get(origin) ?? 0;
  }

  #hasRoom(origin: string): boolean {
    return this.#total < this.#limits.maxTotal && this.#takenBy(origin) < this.#limits.maxPerOrigin;
  }

  #add(origin: string, slots: 1 | -1): void {
    const taken = this.#takenBy(origin) + slots;
    if (taken === 0) this.#taken.delete(origin);
    else this.#taken.set(origin, taken);
    this.#total += slots;
  }

  #leaveQueue(waiter: Waiter): void {
    const queue = this.#queues.get(waiter.origin);
    if (queue?.delete(waiter) && queue.size === 0) this.#queues.delete(waiter.origin);
  }

  /** The next slot is for another origin, where one waits: a busy one must not starve the rest. */
  #moveToEnd(origin: string): void {
    const queue = this.#queues.get(origin);
    if (!queue) return;
    this.#queues.delete(origin);
    this.#queues.set(origin, queue);
  }
}
