import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { SocketLedger } from './sockets.js';

type BusySocket = Socket & { readonly _httpMessage?: ClientRequest & { readonly res?: IncomingMessage } };

/** How many bytes the sockets in use had moved at a time. */
export interface Look {
  readonly at: number;
  readonly bytes: WeakMap<Socket, number>;
}

/** Finds out which sockets have been in use for a while without a byte in either direction; nothing is noted until somebody asks. */
export class SilentSockets {
  readonly #ledger: SocketLedger;
  readonly #clock: Clock;
  #last: Look | undefined;

  constructor(ledger: SocketLedger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** @param maxAgeMs an earlier look that is no older does as well */
  look(maxAgeMs: number): Look {
    const at = this.#clock.now();
    if (this.#last && at - this.#last.at <= maxAgeMs) return this.#last;
    const bytes = new WeakMap<Socket, number>();
    for (const sockets of this.#ledger.openByOrigin()) {
      for (const socket of sockets as ReadonlySet<BusySocket>) {
        if (socket._httpMessage && !socket.destroyed) bytes.set(socket, moved(socket));
      }
    }
    return (this.#last = { at, bytes });
  }

  /**
   * Ends one request whose socket has been silent since a look, if there is any: one without an answer rather than one in the middle of it,
   * and of the origin with most sockets.
   */
  cutOne({ at, bytes }: Look): void {
    let chosen: Candidate | undefined;
    for (const sockets of this.#ledger.openByOrigin()) {
      for (const socket of sockets as ReadonlySet<BusySocket>) {
        const { _httpMessage: request, destroyed } = socket;
        if (destroyed || !request || moved(socket) !== bytes.get(socket)) continue;
        if (request.res && !request.res.readableFlowing) continue; // it is its reader who is silent
        const candidate = { request, sockets: sockets.size, isAnswered: request.res !== undefined };
        if (!chosen || isBetter(candidate, chosen)) chosen = candidate;
      }
    }
    chosen?.request.destroy(cutError(this.#clock.now() - at));
  }
}

interface Candidate {
  readonly request: ClientRequest;
  /** Of its origin. */
  readonly sockets: number;
  readonly isAnswered: boolean;
}

function isBetter(one: Candidate, other: Candidate): boolean {
  return one.isAnswered === other.isAnswered ? one.sockets > other.sockets : other.isAnswered;
}

const moved = ({ bytesRead, bytesWritten }: Socket) => bytesRead + bytesWritten;

function cutError(ms: number): Error {
  const message = `silent for ${Math.round(ms)} ms while an origin without a socket waited for its first; raise pool.maxTotalSockets`;
  return Object.assign(new Error(message), { code: 'ECONNABORTED' });
}
