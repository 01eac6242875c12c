import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { SocketLedger } from './sockets.js';

type BusySocket = Socket & { readonly _httpMessage?: ClientRequest & { readonly res?: IncomingMessage } };
type OriginSockets = ReadonlySet<BusySocket>;

/** What a socket had moved when it was looked at. */
interface Seen {
  bytesRead: number;
  bytesWritten: number;
  /** When that was first seen, on the clock. */
  since: number;
}

/** Finds out which sockets have been in use for a while without a byte in either direction; nothing is noted until somebody looks. */
export class SilentSockets {
  readonly #ledger: SocketLedger;
  readonly #clock: Clock;
  readonly #seen = new WeakMap<Socket, Seen>();
  /** The sockets of an origin → when one of them was last seen to have got something. */
  readonly #heardAt = new WeakMap<OriginSockets, number>();
  #lookedAt = -Infinity;
  /** Sockets that have been cut and not closed yet. */
  #closing = 0;

  constructor(ledger: SocketLedger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /**
   * Notes what every socket has moved. Silence counts from the first look that saw it.
   * @param maxAgeMs an earlier look that is no older does as well
   */
  look(maxAgeMs: number): void {
    const now = this.#clock.now();
    if (now - this.#lookedAt <= maxAgeMs) return;
    this.#lookedAt = now;
    for (const sockets of this.#ledger.openByOrigin()) for (const socket of sockets) this.#note(socket, sockets, now);
  }

  #note(socket: Socket, sockets: OriginSockets, now: number): void {
    const { bytesRead, bytesWritten } = socket;
    const seen = this.#seen.get(socket);
    if (seen && bytesRead > seen.bytesRead) this.#heardAt.set(sockets, now);
    if (seen?.bytesRead === bytesRead && seen.bytesWritten === bytesWritten) return;
    this.#seen.set(socket, { bytesRead, bytesWritten, since: now });
  }

  /**
   * Ends requests whose sockets have been silent for so long, where there are any.
   * @param count how many slots are to come free; those of requests that were ended before, and are about to, count
   */
  cut(count: number, silentMs: number): void {
    for (let missing = count - this.#closing; missing > 0; missing--) {
      const chosen = this.#mostSilent(silentMs);
      if (!chosen) return;
      this.#closing++;
      chosen.socket.once('close', () => this.#closing--);
      chosen.request.destroy(cutError(chosen.silentMs));
    }
  }

  #mostSilent(silentMs: number): Candidate | undefined {
    const now = this.#clock.now();
    let chosen: Candidate | undefined;
    for (const sockets of this.#ledger.openByOrigin() as Iterable<OriginSockets>) {
      const inUse = [...sockets].filter(({ _httpMessage, destroyed }) => _httpMessage && !destroyed);
      const isQuiet = now - (this.#heardAt.get(sockets) ?? -Infinity) >= silentMs;
      for (const socket of inUse) {
        const request = socket._httpMessage!;
        const silentFor = this.#silentFor(socket, now);
        if (silentFor < silentMs || waitsForReader(request.res)) continue;
        const candidate = { socket, request, silentMs: silentFor, isQuiet, inUse: inUse.length };
        if (!chosen || isBetter(candidate, chosen)) chosen = candidate;
      }
    }
    return chosen;
  }

  /** For how long it has been seen to move nothing, in milliseconds. */
  #silentFor(socket: Socket, now: number): number {
    const seen = this.#seen.get(socket);
    const isSame = seen && socket.bytesRead === seen.bytesRead && socket.bytesWritten === seen.bytesWritten;
    return isSame ? now - seen.since : 0;
  }
}

interface Candidate {
  readonly socket: Socket;
  readonly request: BusySocket['_httpMessage'] & object;
  readonly silentMs: number;
  /** Whether nothing has come from its origin for as long, on none of its sockets. */
  readonly isQuiet: boolean;
  /** Sockets of its origin that are in use. */
  readonly inUse: number;
}

/** It is its reader who is silent, rather than its upstream. */
function waitsForReader(response: IncomingMessage | undefined): boolean {
  if (!response || response.readableFlowing) return false;
  return response.complete || response.readableLength > 0 || response.listenerCount('readable') === 0;
}

/**
 * An origin's only request goes last. Of the others, those go first whose origin is silent altogether, then those without an answer, then those of
 * the origin with most sockets, then the most silent.
 */
function isBetter(one: Candidate, other: Candidate): boolean {
  const ranks = ({ inUse, isQuiet, request, silentMs }: Candidate) => [
    Number(inUse > 1),
    Number(isQuiet),
    Number(!request.res),
    inUse,
    silentMs,
  ];
  const [ofOne, ofOther] = [ranks(one), ranks(other)];
  const differing = ofOne.findIndex((rank, i) => rank !== ofOther[i]);
  return differing !== -1 && ofOne[differing]! > ofOther[differing]!;
}

function cutError(ms: number): Error {
  const message = `silent for ${Math.round(ms)} ms while an origin without a socket waited for its first; raise pool.maxTotalSockets`;
  return Object.assign(new Error(message), { code: 'ECONNABORTED' });
}
