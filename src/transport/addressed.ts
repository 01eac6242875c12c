import { AxiosError } from 'axios';
import type { Clock } from '../base/clock.js';
import { diedOnStaleSocket, TELLING_MS } from '../base/lost-peer.js';
import { isOwnDelay } from '../base/time-limit.js';
import type { Timings } from '../base/timings.js';
import type { Call } from '../call/call.js';
import { isConclusive } from '../call/transience.js';
import { isSourceError } from '../errors/body.errors.js';
import type { AddressSettings } from '../options/address-options.js';
import type { DifferingOrigin } from '../options/resolve-options.js';
import type { AddressUse } from '../pool/addresses/address-set.js';
import type { OriginAddresses } from '../pool/addresses/origin-addresses.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { Scheduling } from '../pool/fast-lane.js';
import type { Exchange, ExchangeRoute } from './exchange.js';
import { type AdmissionSettings, lookedUp } from './guarded-target.js';

/** How the requests to one origin are spread over its sockets, where the pool does not have it so. */
export interface OriginBalance {
  readonly addresses: AddressSettings | false;
  /** Undefined: as the pool has it. */
  readonly scheduling: Scheduling | undefined;
}

/** Origin → how its requests are spread; undefined: all as the pool has it. */
export type Balancing = ReadonlyMap<string, OriginBalance> | undefined;

/** @param pool how the pool has it */
export function balancingOf(
  origins: Readonly<Record<string, Pick<DifferingOrigin, 'addresses' | 'pool'>>>,
  pool: { readonly scheduling: Scheduling },
): Balancing {
  const differing = Object.entries(origins).flatMap(
    ([
      origin,
      {
        addresses,
        pool: { scheduling },
      },
    ]) => {
      const isOther = scheduling !== pool.scheduling;
      const balance: OriginBalance = { addresses, scheduling: isOther ? scheduling : undefined };
      return addresses || isOther ? [[origin, balance] as const] : [];
    },
  );
  return differing.length > 0 ? new Map(differing) : undefined;
}

/** The way that the exchanges of one request take. */
export class BalancedWay {
  readonly #scheduling: Scheduling | undefined;
  readonly #addresses: OriginAddresses | undefined;

  constructor(origin: string, { addresses, scheduling }: OriginBalance, pool: ConnectionPool, isProxied: boolean) {
    this.#scheduling = scheduling;
    this.#addresses = addresses && !isProxied ? pool.addresses.of(origin, addresses) : undefined; // a proxy finds out by itself
  }

  /**
   * Waits until the addresses are known; undefined: they are, or are not needed.
   * @throws what `lookedUp` throws
   */
  whenKnown(call: Call, settings: AdmissionSettings): Promise<void> | undefined {
    const known = this.#addresses?.whenKnown();
    return known && lookedUp(known, call, settings);
  }

  /**
   * Chooses where the next exchange of a call goes.
   * @param origin whose slot it has; given back where nothing comes of it
   * @throws AxiosError where its addresses have gone while it waited for the slot
   */
  next(origin: string, { config, journal }: Call, slots: ConnectionPool['slots']): ExchangeRoute {
    const use = this.#addresses?.choose(journal.tried);
    if (use) (journal.tried ??= []).push(use.address.name);
    else if (this.#addresses) {
      slots.release(origin);
      throw new AxiosError(`the addresses of ${origin} have gone`, 'ENOTFOUND', config);
    }
    return { use, scheduling: this.#scheduling };
  }

  /** Whether an exchange has failed to connect, so that nothing was sent, and there is another address to try. */
  canGoElsewhere(error: unknown, exchange: Exchange, { journal, cancellation }: Call): boolean {
    if (!this.#addresses || cancellation.reason || !exchange.isConnecting || failureOf(error, 0) === undefined)
      return false;
    return this.#addresses.canGoElsewhere(journal.tried ?? []);
  }
}

/** Tells an address how it has answered, and how fast. */
export function noteAnswered(use: AddressUse, status: number, { firstByteMs }: Timings): void {
  if (status >= 500 && !isConclusive(status)) use.failed(String(status));
  else use.succeeded(status < 400 ? firstByteMs : undefined); // refusals are often fast
}

/** Tells an address that it has failed, unless it was not its fault: a pooled socket may be closed at any time. */
export function noteFailed(use: AddressUse, error: unknown, exchange: Exchange, clock: Clock): void {
  if (diedOnStaleSocket(error, exchange.reusedSocket) && !exchange.hasResponded) return;
  const cause = failureOf(error, clock.now() - exchange.startedAt);
  if (cause !== undefined) use.failed(cause);
}

/** What this side refused or gave up, and system errors for want of descriptors, ports or memory on this side. */
const OWN_CODES: ReadonlySet<string> = new Set([
  'ERR_CANCELED',
  'ERR_CLIENT_CLOSED',
  'ERR_ADDRESS_BLOCKED',
  'ERR_HEADERS_TOO_LARGE',
  'ERR_BODY_TOO_LARGE',
  'ERR_BODY_UNREAD',
  'ERR_BODY_CONSUMED',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
]);

/**
 * @param ranMs how long the request was waited for: what a deadline cuts young may have been about to succeed
 * @returns the code of an error that is the address's doing
 */
function failureOf(error: unknown, ranMs: number): string | undefined {
  const { code, eventLoopDelayMs = 0 } = (error ?? {}) as { code?: unknown; eventLoopDelayMs?: number };
  if (typeof code !== 'string' || OWN_CODES.has(code) || isSourceError(error) || isOwnDelay(eventLoopDelayMs)) {
    return undefined;
  }
  const isCut = code === 'ERR_DEADLINE_EXCEEDED' || code === 'ECONNABORTED';
  return isCut && ranMs < TELLING_MS ? undefined : code;
}
