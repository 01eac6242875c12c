import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, MAX_TIMER_MS } from '../base/clock.js';
import { InboundScope, type InboundSource, runInScope } from './context.js';

/**
 * Reads a relative deadline.
 * @param value a whole number of milliseconds
 * @returns Infinity for anything else, 0, and more than 24 days: who sends that says nothing
 */
export function deadlineMsOf(value: string | readonly string[] | undefined): number {
  if (typeof value !== 'string' || !/^\d{1,10}$/.test(value)) return Infinity;
  const ms = Number(value);
  return ms > 0 && ms <= MAX_TIMER_MS ? ms : Infinity;
}

/** Those of the headers that there are. Repeated ones are one list, as Node joins them; Set-Cookie is never among them. */
export function pickHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  names: readonly string[],
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') picked[name] = value;
  }
  return picked;
}

/** What is taken from an inbound request. */
export interface InboundRequestSettings {
  /** In lower case; false: a deadline is not read. */
  readonly deadlineHeader: string | false;
  /** In lower case. */
  readonly forwardHeaders: readonly string[];
}

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Has outbound calls know of the inbound request that they are made for: they end when its client hangs up before the
 * response has been ended, and when its deadline passes. Whatever still runs after the response has been ended is
 * background work, and goes on. Works on what Nest middleware gets on express and on fastify: Node's own request and response,
 * of HTTP/1 and HTTP/2.
 */
export function inboundContextMiddleware(settings: InboundRequestSettings, clock: Clock): Middleware {
  const { deadlineHeader, forwardHeaders } = settings;
  return (request, response, next) => {
    const deadlineMs = deadlineHeader === false ? Infinity : deadlineMsOf(request.headers[deadlineHeader]);
    const scope = new InboundScope(new InboundRequest(request, response, forwardHeaders), deadlineMs, clock);
    // After the response was sent, or when the connection or the HTTP/2 stream closes before that. For a pipelined request that
    // waits behind others it may never come: its calls then go on.
    response.once('close', () => scope.abort('the inbound client has gone before it was answered'));
    runInScope(scope, next);
  };
}

class InboundRequest implements InboundSource {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #names: readonly string[];
  #headers: Readonly<Record<string, string>> | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, names: readonly string[]) {
    this.#request = request;
    this.#response = response;
    this.#names = names;
  }

  /**
   * Not `writableFinished`: with `end()` the app has said all it had to say. Whether the client takes it all concerns none of
   * the calls that still run. HTTP/2 responses do not have it, either.
   */
  get isOver(): boolean {
    return this.#response.writableEnded;
  }

  /** When first asked for, so that it sees the id that another middleware gives the request. */
  get headers(): Readonly<Record<string, string>> {
    return (this.#headers ??= pickHeaders(this.#request.headers, this.#names));
  }
}
