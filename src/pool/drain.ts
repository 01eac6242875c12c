import type { Clock } from '../base/clock.js';
import type { InFlight, PoolState } from './in-flight.js';
import type { PoolAgents } from './pool-agents.js';
import type { SocketLedger } from './sockets.js';

/** What became of a pool's calls and sockets from the start of its drain to its close. */
export interface DrainReport {
  /** Calls that ended by themselves, whether answered or failed. */
  readonly finished: number;
  /** Calls that began after the drain did. */
  readonly admittedWhileDraining: number;
  /** Calls that got `ClientClosedError` because the deadline passed. */
  readonly aborted: number;
  /** Sockets that the drain closed. */
  readonly socketsClosed: number;
  /** From the start of the drain to the close of the last socket, in milliseconds. */
  readonly durationMs: number;
}

/** What is drained. */
export interface DrainedPool {
  readonly inFlight: InFlight;
  readonly agents: Pick<PoolAgents, 'closeIdle' | 'destroy'>;
  readonly ledger: Pick<SocketLedger, 'closedCount' | 'whenAllClosed'>;
  /** Milliseconds from the start until calls in flight are aborted. */
  readonly drainMs: number;
  readonly clock: Clock;
  /** Ends the waiting of calls that have nothing under way. */
  readonly closing: AbortController;
  /** Told of each change of the pool's state. */
  readonly changed: (from: PoolState, to: PoolState, report?: DrainReport) => void;
}

/** How long sockets may take to close that were destroyed, in milliseconds. */
const MAX_CLOSING_MS = 500;

interface Started {
  readonly at: number;
  readonly closedBefore: number;
  readonly timer: unknown;
  /** Resolves when the deadline has passed and what was in flight is aborted. */
  readonly expired: Promise<void>;
}

/** The end of a pool, with one deadline for all of it: open → draining → closed. */
export class Drain {
  readonly #pool: DrainedPool;
  #started: Started | undefined;
  #closed: Promise<DrainReport> | undefined;

  constructor(pool: DrainedPool) {
    this.#pool = pool;
  }

  /** Resolves when the calls that were in flight at its start have ended, or at the deadline, which closes the pool. */
  async start(): Promise<void> {
    const { expired } = this.#start();
    await Promise.race([this.#pool.inFlight.whenEarlyEnded(), expired]);
  }

  /** Resolves when no call is in flight, none because of the deadline, and every socket is closed. */
  close(): Promise<DrainReport> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<DrainReport> {
    const { inFlight, agents, ledger, clock, closing, changed } = this.#pool;
    const { at, closedBefore, timer, expired } = this.#start();
    inFlight.close();
    closing.abort();
    await Promise.race([inFlight.whenEmpty(), expired]);
    clock.clearTimeout(timer);
    agents.destroy();
    await this.#allClosed();
    const report = {
      ...inFlight.tally,
      socketsClosed: ledger.closedCount - closedBefore,
      durationMs: Math.round(clock.now() - at),
    };
    changed('draining', 'closed', report);
    return report;
  }

  /** One that its owner cannot close, or that a call opens which does not listen to its end, is not waited for. */
  async #allClosed(): Promise<void> {
    const { agents, ledger, clock } = this.#pool;
    let timer: unknown;
    const enough = new Promise<void>((resolve) => (timer = clock.setTimeout(resolve, MAX_CLOSING_MS)));
    await Promise.race([ledger.whenAllClosed(), enough]);
    clock.clearTimeout(timer);
    agents.destroy();
  }

  #start(): Started {
    if (this.#started) return this.#started;
    const { inFlight, agents, ledger, clock, drainMs, changed } = this.#pool;
    const { promise: expired, resolve } = promiseWithResolvers();
    const timer = clock.setTimeout(() => {
      inFlight.close();
      inFlight.abortAll();
      agents.destroy();
      resolve();
      void this.close(); // for its report, where nobody else does
    }, drainMs);
    this.#started = { at: clock.now(), closedBefore: ledger.closedCount, timer, expired };
    inFlight.startDraining();
    changed('open', 'draining');
    agents.closeIdle();
    return this.#started;
  }
}

/** Promise.withResolvers, which Node has from 22 on. */
function promiseWithResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
