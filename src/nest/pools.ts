import type { EventSink } from '../call/event-sink.js';
import { openPool, type ResolvedPlatform } from '../client/platform.js';
import type { ResolvedClientOptions } from '../options/resolve-options.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { HttpClientLog } from './log/log.js';
import { closedLine, drainingLine } from './log/lines.js';

export interface PoolsContext {
  readonly platform: ResolvedPlatform;
  readonly events: EventSink;
  readonly log: HttpClientLog;
  /** How long calls may take once the app closes. */
  readonly drainMs: number;
}

/** The pools of one app: drained together, closed together, by one deadline. */
export class Pools {
  /** That of the module's client, and of all that have no socket options of their own. */
  readonly root: ConnectionPool;
  readonly #context: PoolsContext;
  readonly #open = new Set<ConnectionPool>();
  #drainStartedAt: number | undefined;
  #isClosed = false;

  /** @throws InvalidOptionsError where `tls.files` cannot be used */
  constructor(root: ResolvedClientOptions, context: PoolsContext) {
    this.#context = context;
    this.root = this.#add(root);
  }

  /** The pool for a client: the root's, or a new one where its options ask for that. */
  for(options: ResolvedClientOptions): ConnectionPool {
    return options.ownsPool ? this.#add(options) : this.root;
  }

  #add(options: ResolvedClientOptions): ConnectionPool {
    const { platform, events, drainMs } = this.#context;
    const drainedMs = this.#drainStartedAt === undefined ? 0 : platform.clock.now() - this.#drainStartedAt;
    const pool = openPool(options, Math.max(0, drainMs - drainedMs), { platform, events });
    this.#open.add(pool);
    // Of a module that is loaded lazily: it comes too late to be drained, or closed, with the others.
    if (this.#isClosed) void pool.close();
    else if (this.#drainStartedAt !== undefined) void pool.drain();
    return pool;
  }

  /** Stops keeping sockets and waits for the calls in flight, at most until the drain deadline. */
  async drain(): Promise<void> {
    const { platform, log, drainMs } = this.#context;
    this.#drainStartedAt ??= platform.clock.now();
    platform.draining();
    await Promise.all(
      Array.from(this.#open, (pool) => {
        if (pool.state === 'open') log.tell(drainingLine(pool, drainMs));
        return pool.drain();
      }),
    );
  }

  /** Refuses calls, waits for the rest until the same deadline, aborts what is left and closes every socket. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#open, (pool) => this.closeOne(pool)));
  }

  /** @returns how many sockets it had */
  async closeOne(pool: ConnectionPool): Promise<number> {
    const report = await pool.close();
    if (this.#open.delete(pool)) this.#context.log.tell(closedLine(pool, report)); // once, where the app closes meanwhile
    return report.socketsClosed;
  }
}
