import { type Admission, InFlight, type Lease } from '../pool/in-flight.js';

/** Admits the calls of one client to a pool that goes on without it. Does no I/O, knows no time. */
export class ClientGate implements Admission {
  readonly #pool: Admission;
  readonly #inFlight = new InFlight();

  constructor(pool: Admission) {
    this.#pool = pool;
  }

  get closedBy(): string | undefined {
    return this.#inFlight.state === 'closed' ? 'HttpClients.close' : this.#pool.closedBy;
  }

  /** Calls since the gate was closed that have ended by themselves, and those that were aborted. */
  get tally(): { readonly finished: number; readonly aborted: number } {
    const { finished, aborted } = this.#inFlight.tally;
    return { finished, aborted };
  }

  admit(abort: () => void): Lease | undefined {
    const own = this.#inFlight.admit(abort);
    const shared = own && this.#pool.admit(abort);
    if (!shared) {
      own?.release();
      return undefined;
    }
    return new BothLeases(own, shared);
  }

  /** Refuses calls from now on. */
  close(): void {
    this.#inFlight.close();
  }

  /** Aborts every call in flight. They leave when their callers have been told. */
  abortAll(): void {
    this.#inFlight.abortAll();
  }

  /** Resolves when no call is in flight. */
  whenEmpty(): Promise<void> {
    return this.#inFlight.whenEmpty();
  }
}

class BothLeases implements Lease {
  readonly #own: Lease;
  readonly #shared: Lease;

  constructor(own: Lease, shared: Lease) {
    this.#own = own;
    this.#shared = shared;
  }

  release(): void {
    this.#own.release();
    this.#shared.release();
  }
}
