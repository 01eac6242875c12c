import type { FareQuery } from '../fares/fares.dto.js';

/** A flight as an airline offers it, in the desk's own words. */
export interface Offer {
  readonly flight: string;
  /** Local, as `2026-03-01T09:30`. */
  readonly departsAt: string;
  readonly arrivesAt: string;
  /** In EUR. */
  readonly price: number;
}

export type Journey = Pick<FareQuery, 'from' | 'to' | 'date'>;

/** How the API of one airline is called, and its answers are read. */
export interface AirlineApi {
  /** IATA code. */
  readonly code: string;
  readonly path: (journey: Journey) => string;
  /** @throws ValiError where the answer is not in the airline's own shape */
  readonly read: (body: unknown) => readonly Offer[];
}
