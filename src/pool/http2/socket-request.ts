import type { Socket } from 'node:net';

/** What an agent reads of a request, and what a socket in use has of the one that uses it. */
export interface AgentsSocket extends Socket {
  _httpMessage?: object | null;
}

/** Who wants a socket for a session. */
export interface SocketAsker {
  /** A new one, maybe not connected yet, or one that was idle. */
  gotSocket(request: SocketRequest, socket: Socket): void;
  /** There will be none. */
  failed(request: SocketRequest, error: unknown): void;
}

/**
 * What asks an agent for a socket and holds it while streams use it. To the agent it is what Node's `ClientRequest` is: the socket is the agent's again
 * once it emits `free`.
 */
export class SocketRequest {
  socket: AgentsSocket | null = null;
  destroyed = false;
  /** Set by the agent: the socket was idle. */
  reusedSocket = false;
  /** For the agent: the socket may be kept. */
  readonly shouldKeepAlive = true;
  /** For those who look for a response: there are several, or none. */
  readonly res = undefined;
  readonly #asker: SocketAsker;
  readonly #host: string | undefined;

  /** @param host the Host header, which Node takes the name for TLS from */
  constructor(asker: SocketAsker, host: string | undefined) {
    this.#asker = asker;
    this.#host = host;
  }

  /** From the agent. */
  onSocket(socket: AgentsSocket | null | undefined, error?: Error | null): void {
    if (this.destroyed)
      socket?.destroy(); // nobody waits for it any more
    else if (error || !socket) process.nextTick(() => this.#asker.failed(this, error));
    else {
      this.socket = socket;
      socket._httpMessage = this;
      this.#asker.gotSocket(this, socket);
    }
  }

  getHeader(name: string): string | undefined {
    return name.toLowerCase() === 'host' ? this.#host : undefined;
  }

  /** Node 24 tells a request so of a tunnel that was refused. */
  emit(event: string, error?: Error): boolean {
    if (event === 'error') process.nextTick(() => this.#asker.failed(this, error));
    return true;
  }

  /** agentkeepalive asks who listens to `timeout`. */
  listeners(): [] {
    return [];
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.socket?.destroy(error);
    return this;
  }
}
