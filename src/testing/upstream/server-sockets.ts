import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The connections of an upstream. */
export interface SocketCounts {
  /** Accepted since the start. */
  readonly opened: number;
  /** Open now. */
  readonly open: number;
  /** The most that were open at the same time. */
  readonly max: number;
}

/** What a server accepts: counted, and closed. */
export class ServerSockets implements SocketCounts {
  readonly #open = new Set<Socket>();
  /** The socket that requests come on, which TLS has within the one that is open → its number, from 1. */
  readonly #numbers = new WeakMap<Socket, number>();
  #numbered = 0;
  opened = 0;
  max = 0;

  constructor(server: Server, secure: boolean) {
    server.on('connection', (socket: Socket) => {
      this.opened++;
      this.#open.add(socket);
      this.max = Math.max(this.max, this.#open.size);
      socket.on('error', () => {}); // clients may reset what they like
      socket.once('close', () => this.#open.delete(socket));
    });
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#numbers.set(socket, ++this.#numbered);
    });
  }

  get open(): number {
    return this.#open.size;
  }

  numberOf(socket: Socket): number {
    return this.#numbers.get(socket)!;
  }

  /** Resolves when none is open. */
  async allClosed(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- others may be opened meanwhile
    for (let [socket] = this.#open; socket; [socket] = this.#open) await closeOf(socket);
  }

  async destroyAll(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await this.allClosed();
  }
}

/** Not `once` of node:events, which fails where the socket does. */
const closeOf = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));
