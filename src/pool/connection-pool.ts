import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Agent } from 'node:http';
import type { Clock } from '../base/clock.js';
import { Slots } from '../base/slots.js';
import { type EventSink, HttpClientEvents } from '../call/event-sink.js';
import type { AddressGuard, ResolveHost } from '../guard/address-guard.js';
import type { ResolvedPoolOptions } from '../options/resolve-options.js';
import { addressOf } from './addresses/address.js';
import { Addresses } from './addresses/addresses.js';
import type { AgentOwner } from './agents.js';
import { Drain, type DrainReport } from './drain.js';
import { InFlight, type Lease, type PoolState } from './in-flight.js';
import { PoolAgents } from './pool-agents.js';
import { SilentSockets } from './silent-sockets.js';
import { openingTimes, recordOpening } from './socket-opening.js';
import { IdleSockets } from './idle-sockets.js';
import type { PoolStats } from './pool-stats.js';
import { originOf, SocketLedger } from './sockets.js';
import type { TlsMaterial } from './tls-files.js';
import type { TlsRotation } from './tls-rotation.js';

export interface ConnectionPoolSettings {
  readonly pool: ResolvedPoolOptions;
  /** What https sockets are opened with. */
  readonly tls: TlsMaterial;
  /** Takes the place of `tls`, where certificates are in files. */
  readonly tlsFiles?: TlsRotation | undefined;
  /** What its sockets may be connected to; undefined: anything. */
  readonly addressGuard?: AddressGuard | undefined;
  /**
   * Finds the addresses of origins with `addresses`.
   * @default `dns.lookup`
   */
  readonly resolveHost?: ResolveHost | undefined;
  /** Milliseconds from the start of `drain` until calls in flight are aborted. */
  readonly drainMs: number;
  readonly clock: Clock;
  /** A number from 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /**
   * Where it publishes its events.
   * @default `node:diagnostics_channel` only
   */
  readonly events?: EventSink;
}

/** Long-lived keep-alive sockets, and the lifecycle of the calls that use them: open → draining → closed. */
export class ConnectionPool {
  /** Tells pools apart in logs and stats. */
  readonly id = randomUUID().slice(0, 8);
  /** @internal */
  readonly httpAgent: Agent;
  /** @internal */
  readonly httpsAgent: Agent;
  /**
   * Who may use a socket: an exchange holds a slot of its origin from before it asks for a socket until the socket is free
   * again. Node's agents have such limits of their own, but each agent for itself; theirs let the idle sockets of one
   * origin keep another from ever getting one, and a request that was given up keeps its place in their queue.
   * @internal
   */
  readonly slots: Slots;
  /**
   * Those that wait for a request.
   * @internal
   */
  readonly idle: IdleSockets;
  /**
   * Whom to end where an origin would not get its first slot in time.
   * @internal
   */
  readonly silent: SilentSockets;
  /**
   * Of origins that have several to choose from.
   * @internal
   */
  readonly addresses: Addresses;
  readonly #settings: ConnectionPoolSettings;
  readonly #agents: PoolAgents;
  readonly #closing = new AbortController();
  readonly #inFlight = new InFlight();
  readonly #events: EventSink;
  readonly #ledger: SocketLedger;
  readonly #drain: Drain;

  /** @internal */
  constructor(settings: ConnectionPoolSettings) {
    this.#settings = settings;
    const { clock, events = new HttpClientEvents() } = settings;
    this.#events = events;
    this.#ledger = new SocketLedger({ pool: this.id, clock, events });
    this.silent = new SilentSockets(this.#ledger, clock);
    this.addresses = new Addresses({
      pool: this.id,
      guard: settings.addressGuard,
      resolveHost: settings.resolveHost,
      clock,
      random: settings.random,
      events,
      removed: (address) => this.#agents.closeIdle((idle) => addressOf(idle) === address),
    });
    setMaxListeners(0, this.#closing.signal); // as many as wait
    const { maxSockets, maxTotalSockets, maxQueued } = settings.pool;
    this.slots = new Slots({ maxPerKey: maxSockets, maxTotal: maxTotalSockets || Infinity, maxQueued });
    const { tlsFiles } = settings;
    this.#agents = new PoolAgents(
      { ...settings, tls: tlsFiles?.material ?? settings.tls },
      {
        opening: (...target) => this.idle.makeRoom(originOf(...target)),
        opened: (...socket) => this.#opened(...socket),
        keepsSocket: (socket) =>
          this.state === 'open' && !this.#ledger.isTooMany(socket, maxSockets, maxTotalSockets || Infinity),
        shares: (sharing) => this.slots.shareWith(sharing),
        sharingChanged: (origin) => this.slots.sharingChanged(origin),
      },
    );
    this.idle = new IdleSockets(this.#agents, this.#ledger, settings.pool);
    this.httpAgent = this.#agents.httpAgent;
    this.httpsAgent = this.#agents.httpsAgent;
    const endWatch = tlsFiles?.watch({ pool: this.id, clock, events, use: (tls) => this.#agents.useTls(tls) });
    this.#drain = new Drain({
      inFlight: this.#inFlight,
      agents: this.#agents,
      ledger: this.#ledger,
      drainMs: settings.drainMs,
      clock,
      closing: this.#closing,
      changed: (...change) => {
        endWatch?.(); // a pool that drains opens no socket that it keeps
        this.#publishState(...change);
      },
    });
  }

  /**
   * The agent for https calls that go through a proxy.
   * @param engine whose sockets; undefined: those of `node:http`
   * @internal
   */
  tunnelAgent(proxy: URL, engine?: string): Agent {
    return this.#agents.tunnelAgent(proxy, engine);
  }

  /**
   * The agent for calls of another engine than `node:http`: no other must find its sockets, on which it has left its parser.
   * @internal
   */
  agentFor(secure: boolean, engine: string): Agent {
    return this.#agents.agentFor(secure, engine);
  }

  /**
   * The agent for http calls that a proxy forwards. The proxy's address is the operator's choice, so no guard judges it; a
   * call straight to that host must not find such a socket.
   * @param secure whether the proxy itself is spoken to in https
   * @param engine whose sockets; undefined: those of `node:http`
   * @internal
   */
  proxyAgent(secure: boolean, engine?: string): Agent {
    return this.#agents.proxyAgent(secure, engine);
  }

  /**
   * Judges where its sockets may lead. A pool has one guard for all: what it lets one client open, another finds open.
   * @internal
   */
  get guard(): AddressGuard | undefined {
    return this.#settings.addressGuard;
  }

  /**
   * Aborts when the pool is closed: nobody is to wait any more with nothing under way.
   * @internal
   */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** `open`, `draining` from `onModuleDestroy` on, `closed` from `onApplicationShutdown` on. */
  get state(): PoolState {
    return this.#inFlight.state;
  }

  /**
   * Exchanges that may wait for a socket to one origin.
   * @internal
   */
  get maxQueued(): number {
    return this.#settings.pool.maxQueued;
  }

  /** Calls admitted whose response body has not ended. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** A snapshot of calls and sockets. Changing it changes nothing. */
  stats(): PoolStats {
    const { tlsFiles } = this.#settings;
    return {
      id: this.id,
      state: this.state,
      inFlight: this.inFlight,
      ...(tlsFiles && { tlsFiles: tlsFiles.state }),
      ...this.#ledger.stats(this.#agents.list(), this.slots, this.addresses),
    };
  }

  /**
   * Counts a call in flight until its lease is released.
   * @param abort ends the call; called when the drain deadline passes before the release
   * @returns undefined when the pool is closed
   * @internal
   */
  admit(abort: () => void): Lease | undefined {
    return this.#inFlight.admit(abort);
  }

  /**
   * Stops keeping sockets: idle ones are closed now, the others when their response has ended. Calls are still admitted.
   * Resolves when the calls that were in flight have ended, or at the drain deadline, which closes the pool and aborts
   * every call. Safe to call again.
   */
  drain(): Promise<void> {
    return this.#drain.start();
  }

  /**
   * Refuses calls from now on. Resolves when those in flight have ended, or have been aborted because the drain deadline
   * (counted from `drain`, where that came first) has passed, and every socket is closed. Safe to call again.
   */
  close(): Promise<DrainReport> {
    return this.#drain.close();
  }

  #publishState(from: PoolState, to: PoolState, report?: DrainReport): void {
    const { id: pool, inFlight } = this;
    if (this.#events.wants('pool:state')) this.#events.publish('pool:state', { pool, from, to, inFlight, report });
  }

  #opened(...[socket, target, protocol, startedAt]: Parameters<AgentOwner['opened']>): void {
    this.#ledger.opened(socket, target, protocol);
    recordOpening(socket, target, startedAt, this.#settings.clock, (opening) => {
      if (!this.#events.wants('socket:open')) return;
      const { dnsMs, connectMs, tlsMs } = openingTimes(opening);
      const about = { pool: this.id, origin: originOf(target, protocol), address: addressOf(target)?.name };
      this.#events.publish('socket:open', { ...about, dnsMs, connectMs: connectMs!, tlsMs });
    });
  }
}
