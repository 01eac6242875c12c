/**
 * - `open`: calls are admitted.
 * - `draining`: calls are still admitted; those that were in flight at its start are waited for.
 * - `closed`: calls are refused; what is left is waited for, then aborted. Final.
 */
export type PoolState = 'open' | 'draining' | 'closed';

/** A call's place among those in flight. */
export interface Lease {
  /** The call has ended, its body included. Idempotent. */
  release(): void;
}

/** Where calls are admitted: a pool, or the gate of one client on it. */
export interface Admission {
  /** Who has closed it; undefined: the app's shutdown. */
  readonly closedBy?: string | undefined;
  /**
   * Counts a call in flight until its lease is released.
   * @param abort ends the call; called at most once, and not after its release
   * @returns undefined when closed
   */
  admit(abort: () => void): Lease | undefined;
}

class Holder implements Lease {
  constructor(
    readonly released: (holder: Holder) => void,
    public abort: (() => void) | undefined,
    /** Admitted before the drain began, so the drain waits for it. */
    readonly early: boolean,
  ) {}

  release(): void {
    this.released(this);
  }
}

/** The calls that have not ended, and the one-way state that decides over new ones. Does no I/O, knows no time. */
export class InFlight {
  #state: PoolState = 'open';
  readonly #holders = new Set<Holder>();
  #early = 0;
  readonly #waiting = new Set<{ readonly done: () => boolean; readonly resolve: () => void }>();
  #finished = 0;
  #admittedWhileDraining = 0;
  #aborted = 0;

  get state(): PoolState {
    return this.#state;
  }

  get size(): number {
    return this.#holders.size;
  }

  /** What happened to calls since the drain began. */
  get tally() {
    return {
      finished: this.#finished,
      admittedWhileDraining: this.#admittedWhileDraining,
      aborted: this.#aborted,
    };
  }

  /**
   * @param abort ends the call; called at most once, and not after its release
   * @returns undefined when closed
   */
  admit(abort: () => void): Lease | undefined {
    if (this.#state === 'closed') return undefined;
    if (this.#state === 'draining') this.#admittedWhileDraining++;
    const holder = new Holder(this.#release, abort, this.#state === 'open');
    if (holder.early) this.#early++;
    this.#holders.add(holder);
    return holder;
  }

  startDraining(): void {
    if (this.#state === 'open') this.#state = 'draining';
  }

  close(): void {
    this.#state = 'closed';
  }

  /** Resolves when the calls from before the drain have ended. */
  whenEarlyEnded(): Promise<void> {
    return this.#when(() => this.#early === 0);
  }

  /** Resolves when no call is in flight. */
  whenEmpty(): Promise<void> {
    return this.#when(() => this.#holders.size === 0);
  }

  /** Aborts every call in flight. They leave when their callers have been told. */
  abortAll(): void {
    for (const holder of this.#holders) {
      const { abort } = holder;
      if (!abort) continue;
      this.#aborted++;
      holder.abort = undefined; // first: it may release its lease at once
      abort();
    }
  }

  readonly #release = (holder: Holder): void => {
    if (!this.#holders.delete(holder)) return;
    if (holder.early) this.#early--;
    if (this.#state !== 'open' && holder.abort) this.#finished++;
    for (const waiter of this.#waiting) {
      if (!waiter.done()) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  };

  #when(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ done, resolve }));
  }
}
