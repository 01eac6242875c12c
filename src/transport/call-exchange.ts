import type { Agent } from 'node:http';
import {
  BodyTimeoutError,
  BodyUnreadError,
  ConnectTimeoutError,
  ResponseTimeoutError,
} from '../errors/timeout.errors.js';
import type { Call } from '../layers/layer.js';
import type { Clock } from '../clock.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { ExchangeRequest } from './client-request.js';
import { Exchange } from './exchange.js';
import type { Phase, PhaseLimits } from './phase-timer.js';

export interface CallExchangeSettings {
  readonly pool: Pick<ConnectionPool, 'slots'>;
  readonly clock: Clock;
  readonly phases: PhaseLimits;
  readonly maxHeaderBytes: number;
}

const PHASE_ERRORS: Readonly<Record<Phase, new (call: Call, ms: number, delayMs: number) => Error>> = {
  connect: ConnectTimeoutError,
  response: ResponseTimeoutError,
  bodyIdle: BodyTimeoutError,
  readerIdle: BodyUnreadError,
};

/** An exchange made for a call, which holds a slot of its origin and gives it back. */
export class CallExchange extends Exchange {
  readonly #call: Call;
  readonly #settings: CallExchangeSettings;
  readonly #origin: string;

  constructor({ target }: ExchangeRequest, agent: Agent, call: Call, settings: CallExchangeSettings) {
    const { phases: limits, maxHeaderBytes, clock } = settings;
    const { cancellation, journal } = call;
    super({ agent, limits, maxHeaderBytes, clock, cancellation, journal });
    this.#call = call;
    this.#settings = settings;
    this.#origin = target.origin;
  }

  protected phaseError(phase: Phase, delayMs: number): Error {
    return new PHASE_ERRORS[phase](this.#call, this.#settings.phases[phase] as number, delayMs);
  }

  protected ended(): void {
    this.#settings.pool.slots.release(this.#origin);
  }
}
