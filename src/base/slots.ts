export interface SlotLimits {
  /** Slots of one key; asked for each time where it changes. Where it has grown, `admit` lets those in who wait. */
  readonly maxPerKey: number | ((key: string) => number);
  /** Slots of all keys together. */
  readonly maxTotal: number;
  /** How many may wait for a slot of one key. */
  readonly maxQueued: number;
}

/** Of keys whose slots share sockets: several streams of HTTP/2 go over one. */
export interface Sharing {
  /** Slots of a key that share one socket: 1 where they share none. */
  perSocket(key: string): number;
  /** Sockets of a key that are in use, however few of their slots are. */
  socketsInUse(key: string): number;
}

/** A place in the queue of a key. */
interface Waiter {
  readonly key: string;
  readonly ready: () => void;
}

/** A slot that its holder gives back if somebody needs it. */
interface Offer {
  readonly key: string;
  /** @returns whether it has done so, or soon will */
  readonly giveUp: () => boolean;
}

/** Of the slots of all keys together, those that are for keys without any: a few that never let go must not have them all. */
const RESERVED_SHARE = 0.1;

/** So many slots of all keys together that one key can have this many. */
export function totalThatLeaves(maxPerKey: number): number {
  return Math.ceil(maxPerKey / (1 - RESERVED_SHARE));
}

/**
 * Who may go on, where only so many may at once: one holds a slot of a key, as an origin, from before it begins until it
 * is over. Does no I/O, knows no time.
 */
export class Slots {
  readonly #limits: SlotLimits;
  /** Key → slots taken, for keys that have any. */
  readonly #taken = new Map<string, number>();
  #total = 0;
  /** Key → those who wait, in order, for keys that have any; the key that has waited longest for a turn first. */
  readonly #queues = new Map<string, Set<Waiter>>();

  /** Slots of all together that a key with one leaves to those without. */
  readonly #reserved: number;

  /** In the order in which they were made. */
  readonly #offers = new Set<Offer>();
  #sharing: Sharing | undefined;
  /** Key → what it counts for among all together, once slots may share sockets. */
  readonly #weights = new Map<string, number>();

  constructor(limits: SlotLimits) {
    this.#limits = limits;
    this.#reserved = limits.maxTotal === Infinity ? 0 : Math.floor(limits.maxTotal * RESERVED_SHARE);
  }

  /** From now on, some slots share sockets: limits are of sockets, and a key may have more slots than that. */
  shareWith(sharing: Sharing): void {
    this.#sharing = sharing;
    for (const [key, taken] of this.#taken) this.#weights.set(key, taken);
  }

  /** What `Sharing` says of a key has changed: it may be the turn of those who wait. */
  sharingChanged(key: string): void {
    this.#weigh(key, this.taken(key));
    this.admit(key);
    while (this.#queues.size > 0 && this.#serveNext());
  }

  /** Whether somebody has a slot of this key. */
  isTaken(key: string): boolean {
    return this.#taken.has(key);
  }

  /** Whether this key, rather than all of them together, has taken what it may. */
  isFull(key: string): boolean {
    return this.taken(key) >= this.#maxOf(key);
  }

  /** Slots of this key that somebody has. */
  taken(key: string): number {
    return this.#taken.get(key) ?? 0;
  }

  /** @returns whether a slot was free; `release` gives it back */
  take(key: string): boolean {
    if (!this.#hasRoom(key)) {
      this.#reclaim(key);
      if (!this.#hasRoom(key)) return false;
    }
    this.#add(key, 1);
    return true;
  }

  /**
   * Offers a slot that is held to whoever needs one, now or later.
   * @param giveUp called at most once, when somebody does; returns whether the slot is given back
   * @returns withdraws the offer
   */
  offer(key: string, giveUp: () => boolean): () => void {
    const offer = { key, giveUp };
    if (this.#isWanted(key)) giveUp();
    else this.#offers.add(offer);
    return () => this.#offers.delete(offer);
  }

  /**
   * Waits for a slot where `take` found none.
   * @param ready called when the slot is taken for the caller
   * @returns gives up waiting; undefined when the queue of this key is full
   */
  queue(key: string, ready: () => void): (() => void) | undefined {
    const queue = this.#queues.get(key);
    if (this.#limits.maxQueued <= (queue?.size ?? 0)) return undefined;
    const waiter = { key, ready };
    if (queue) queue.add(waiter);
    else this.#queues.set(key, new Set([waiter]));
    return () => this.#leaveQueue(waiter);
  }

  queued(key: string): number {
    return this.#queues.get(key)?.size ?? 0;
  }

  /** Keys that somebody waits for. */
  get queuedKeys(): Iterable<string> {
    return this.#queues.keys();
  }

  /** How many keys without a slot wait for their first, up to this one in their order; 0: it is not one of them. */
  waitingForFirst(key: string): number {
    if (this.isTaken(key) || !this.#queues.has(key)) return 0;
    let count = 0;
    for (const waiting of this.#queues.keys()) {
      if (!this.isTaken(waiting)) count++;
      if (waiting === key) break;
    }
    return count;
  }

  release(key: string): void {
    const wereScarce = this.#free <= this.#reserved;
    this.#add(key, -1);
    if (wereScarce) {
      if (!this.isTaken(key)) this.#moveToEnd(key); // it has had its turn
      this.#serveNext();
    } else this.#serveIfRoom(key); // the others wait for slots of their own keys
  }

  /** Serves those who wait for this key, as far as its limit, which has grown, has room for them. */
  admit(key: string): void {
    while (this.#serveIfRoom(key));
  }

  /** Whether somebody waits who would get a slot that this key gave back. */
  #isWanted(key: string): boolean {
    if (this.#free > this.#reserved) return this.#queues.has(key);
    for (const waiting of this.#queues.keys()) if (waiting === key || !this.isFull(waiting)) return true;
    return false;
  }

  /** Accepts the first offer that would leave room for this key. */
  #reclaim(key: string): void {
    const ofKey = this.isFull(key);
    for (const offer of this.#offers) {
      if (ofKey && offer.key !== key) continue;
      this.#offers.delete(offer);
      if (offer.giveUp()) return;
    }
  }

  /** The slot that became free is anybody's, the first of a key before one more of another. */
  #serveNext(): boolean {
    let next: string | undefined;
    for (const key of this.#queues.keys()) {
      if (!this.#hasRoom(key)) continue;
      next ??= key;
      if (this.isTaken(key)) continue;
      next = key;
      break;
    }
    if (next !== undefined) this.#serve(next);
    return next !== undefined;
  }

  /** There may be none where the limit of the key has shrunk. */
  #serveIfRoom(key: string): boolean {
    if (!this.#queues.has(key) || !this.#hasRoom(key)) return false;
    this.#serve(key);
    return true;
  }

  #serve(key: string): void {
    const [next] = this.#queues.get(key) as Set<Waiter> & [Waiter];
    this.#leaveQueue(next);
    this.#moveToEnd(key);
    this.#add(key, 1);
    next.ready();
  }

  #maxOf(key: string): number {
    const { maxPerKey } = this.#limits;
    const max = typeof maxPerKey === 'number' ? maxPerKey : maxPerKey(key);
    return this.#sharing ? max * this.#sharing.perSocket(key) : max;
  }

  get #free(): number {
    return this.#limits.maxTotal - this.#total;
  }

  #hasRoom(key: string): boolean {
    const taken = this.taken(key);
    if (taken >= this.#maxOf(key)) return false;
    if (this.#free > (taken === 0 ? 0 : this.#reserved)) return true;
    return this.#sharing !== undefined && this.#weightOf(key, taken + 1) <= (this.#weights.get(key) ?? 0);
  }

  #add(key: string, slots: 1 | -1): void {
    const taken = this.taken(key) + slots;
    if (taken === 0) this.#taken.delete(key);
    else this.#taken.set(key, taken);
    if (this.#sharing) this.#weigh(key, taken);
    else this.#total += slots;
  }

  #weigh(key: string, taken: number): void {
    const weight = this.#weightOf(key, taken);
    this.#total += weight - (this.#weights.get(key) ?? 0);
    if (weight === 0) this.#weights.delete(key);
    else this.#weights.set(key, weight);
  }

  #weightOf(key: string, taken: number): number {
    const perSocket = this.#sharing!.perSocket(key);
    return perSocket === 1 ? taken : Math.max(Math.ceil(taken / perSocket), this.#sharing!.socketsInUse(key));
  }

  #leaveQueue(waiter: Waiter): void {
    const queue = this.#queues.get(waiter.key);
    if (queue?.delete(waiter) && queue.size === 0) this.#queues.delete(waiter.key);
  }

  /** The next slot is for another key, where one waits: a busy one must not starve the rest. */
  #moveToEnd(key: string): void {
    const queue = this.#queues.get(key);
    if (!queue) return;
    this.#queues.delete(key);
    this.#queues.set(key, queue);
  }
}
