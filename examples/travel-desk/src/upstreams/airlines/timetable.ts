import { seededRandom, seedOf } from '../seeded-random.js';

/** What an airline is asked for. */
export interface Journey {
  /** IATA code. */
  readonly from: string;
  /** IATA code. */
  readonly to: string;
  /** As `2026-03-01`. */
  readonly date: string;
}

export interface Flight {
  readonly number: number;
  /** Local, as `2026-03-01T09:30`. */
  readonly departsAt: string;
  readonly arrivesAt: string;
  readonly cents: number;
}

const MAX_FLIGHTS = 4;
const LAST_DEPARTURE_MINUTES = 20 * 60;
const MINUTE_MS = 60_000;

/** The flights of an airline: the same for the same journey, whenever it is asked for. */
export function timetable(seed: number, code: string, { from, to, date }: Journey): readonly Flight[] {
  const random = seededRandom(seed + seedOf(`${code} ${from} ${to} ${date}`));
  const between = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
  return Array.from({ length: between(1, MAX_FLIGHTS) }, () => {
    const departure = Date.parse(`${date}T05:00Z`) + 5 * between(0, (LAST_DEPARTURE_MINUTES - 300) / 5) * MINUTE_MS;
    const arrival = departure + between(60, 220) * MINUTE_MS;
    return {
      number: between(100, 9_999),
      departsAt: localTime(departure),
      arrivesAt: localTime(arrival),
      cents: 50 * between(60, 800),
    };
  });
}

const localTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
