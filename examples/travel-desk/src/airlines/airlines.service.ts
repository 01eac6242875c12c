import { Injectable } from '@nestjs/common';
import { HttpClients } from 'nest-outbound';
import { EmbeddedAirlines } from '../upstreams/airlines/embedded-airlines.js';
import { AIRLINE_APIS, AIRLINES_CLIENT } from './airline-apis.js';
import type { AirlineAction, AirlineMode, AirlineView, LastAnswer } from './airlines.dto.js';

/** An airline that can be asked. */
export interface Airline {
  readonly code: string;
  readonly name: string;
  readonly origin: string;
  readonly Api: (typeof AIRLINE_APIS)[string];
}

const MODES: Readonly<Record<AirlineAction, AirlineMode>> = { break: 'broken', slow: 'slow', restore: 'normal' };

@Injectable()
export class AirlinesService {
  readonly all: readonly Airline[];
  /** Code → what became of the last search. */
  readonly #last = new Map<string, LastAnswer>();

  constructor(
    private readonly embedded: EmbeddedAirlines,
    private readonly clients: HttpClients,
  ) {
    this.all = embedded.all.map(({ profile: { code, name }, origin }) => {
      return { code, name, origin, Api: AIRLINE_APIS[code]! };
    });
  }

  views(): AirlineView[] {
    const breakers = this.clients.breakers(AIRLINES_CLIENT);
    const { origins } = this.clients.stats(AIRLINES_CLIENT).pool;
    return this.embedded.all.map(({ origin, mode, profile: { code, name, temper } }) => ({
      code,
      name,
      origin,
      temper,
      mode,
      breaker: breakers.state(origin),
      servers: Object.entries(origins[origin]?.addresses ?? {}).map(([address, { state, requests }]) => {
        return { address, state, requests };
      }),
      last: this.#last.get(code) ?? null,
    }));
  }

  /** Keeps what became of a search, for the views. */
  note(code: string, answer: Omit<LastAnswer, 'at'>): void {
    this.#last.set(code, { at: new Date().toISOString(), ...answer });
  }

  /**
   * Also forgets what the airline has answered: whoever presses a button wants to see what comes of it.
   * @returns undefined: there is no such airline
   */
  async change(code: string, action: AirlineAction): Promise<AirlineView | undefined> {
    const airline = this.embedded.find(code);
    if (airline) {
      airline.mode = MODES[action];
      await this.clients.cache(AIRLINES_CLIENT).delete({ tag: airline.origin });
    }
    return this.views().find((view) => view.code === code);
  }
}
