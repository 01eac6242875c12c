import type { Call } from '../call/call.js';
import type { RedactionRules } from '../redaction/rules.js';
import type { AnswerTarget } from './answer.js';
import { type ReceivedRequest, receivedRequest } from './received-request.js';
import type { WireRequest } from './wire.js';

/** What becomes of a request. */
export interface Answer {
  readonly send: (target: AnswerTarget, request: ReceivedRequest) => void | Promise<void>;
  readonly delayMs: number;
}

/** A request that has come, until it is answered or its caller gives it up. */
export class Arrival {
  readonly request: ReceivedRequest;
  /** Whether it is known what becomes of it, be it later. */
  isAnswered = false;
  readonly #target: AnswerTarget;
  readonly #onFault: (arrival: Arrival, error: unknown) => void;

  /** @param onFault told of an answer that could not be given */
  constructor(wireRequest: WireRequest, onFault: (arrival: Arrival, error: unknown) => void) {
    const { connection, response } = wireRequest;
    this.request = receivedRequest(wireRequest);
    this.#target = { connection, response };
    this.#onFault = onFault;
  }

  get call(): Call {
    return this.#target.connection.call;
  }

  /** What must not be shown of it. */
  get rules(): RedactionRules {
    return this.#target.connection.settings.rules;
  }

  /** Whether its caller waits for an answer that nobody has given. */
  get isUnanswered(): boolean {
    return !this.isAnswered && !this.#target.connection.client.destroyed;
  }

  answer({ send, delayMs }: Answer): void {
    this.isAnswered = true;
    if (delayMs === 0) {
      void this.#send(send);
      return;
    }
    const { response, connection } = this.#target;
    const { clock } = connection.settings;
    const timer = clock.setTimeout(() => void this.#send(send), delayMs);
    response.on('close', () => clock.clearTimeout(timer));
  }

  /** Has its call fail. */
  refuse(error: Error): void {
    this.isAnswered = true;
    this.#target.connection.client.destroy(error);
  }

  async #send(send: Answer['send']): Promise<void> {
    try {
      await send(this.#target, this.request);
    } catch (error) {
      this.#onFault(this, error);
      this.refuse(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
