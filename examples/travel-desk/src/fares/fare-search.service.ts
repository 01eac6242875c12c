import { Injectable } from '@nestjs/common';
import type { AxiosInstance } from 'axios';
import { type Clock, gather, type GatherEntry, HttpClients, InjectHttpClient } from 'nest-outbound';
import { setImmediate } from 'node:timers/promises';
import { AIRLINES_CLIENT } from '../airlines/airline-apis.js';
import { type Airline, AirlinesService } from '../airlines/airlines.service.js';
import type { Settings } from '../settings/schema.js';
import { InjectSettings } from '../settings/settings.module.js';
import { type FareCalls, throughClient, throughClientPerCall } from './fare-calls.js';
import { answerOf, type FoundFares } from './airline-answer.js';
import { type AirlineFares, type Fare, type FareQuery, type FareSearch, type MissingAirline } from './fares.dto.js';
import { missingAirline } from './missing-airline.js';

/** Told of each airline once, as soon as it is known what becomes of it. */
export interface FareListener {
  readonly onFares: (fares: AirlineFares) => void;
  readonly onMissing: (missing: MissingAirline) => void;
}

const SILENT: FareListener = { onFares: () => {}, onMissing: () => {} };

@Injectable()
export class FareSearchService {
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  #lastTurn = Promise.resolve();

  constructor(
    @InjectSettings() { fares }: Settings,
    @InjectHttpClient(AIRLINES_CLIENT) private readonly http: AxiosInstance,
    private readonly airlines: AirlinesService,
    { clock }: HttpClients,
  ) {
    this.#deadlineMs = fares.deadlineMs;
    this.#clock = clock;
  }

  /**
   * Asks every airline at once, and takes what has come when the time is over.
   * @param signal ends the search: the promise rejects with its reason
   */
  async search(query: FareQuery, listener = SILENT, signal?: AbortSignal): Promise<FareSearch> {
    const { from, to, date } = query;
    const shared = query.shared === 'true';
    const startedAt = this.#clock.now();
    if (shared) await this.#turn();
    const all = new Map(this.airlines.all.map((airline) => [airline.code, airline]));
    using calls = shared ? throughClient(this.http) : throughClientPerCall();
    const tell = (code: string, entry: GatherEntry<FoundFares>) => {
      const airline = all.get(code)!;
      if (entry.status === 'missed') {
        const missing = missingAirline(airline, entry);
        const { reason: outcome, detail, durationMs } = missing;
        this.airlines.note(code, { outcome, detail, durationMs });
        listener.onMissing(missing);
      } else {
        const answer = answerOf(airline, entry.value, entry.durationMs);
        const { detail, durationMs } = answer;
        this.airlines.note(code, { outcome: 'answered', detail, durationMs });
        listener.onFares({ ...answer, fares: entry.value.fares.toSorted(cheapestFirst) });
      }
    };
    const told = new Set<string>();
    const { results, complete, counts } = await gather(
      Object.fromEntries(
        Array.from(all, ([code, airline]) => [
          code,
          (options: { signal: AbortSignal }) => ask(airline, query, calls, options.signal),
        ]),
      ),
      {
        deadlineMs: Math.max(0, this.#deadlineMs - (this.#clock.now() - startedAt)),
        clock: this.#clock,
        ...(signal && { signal }),
        onProgress: ({ key, result }) => {
          told.add(key);
          tell(key, result);
        },
      },
    );
    const entries = Object.entries(results);
    for (const [code, entry] of entries) if (!told.has(code)) tell(code, entry);
    const found = entries.flatMap(([code, entry]) =>
      entry.status === 'fulfilled' ? { code, ...entry.value, durationMs: entry.durationMs } : [],
    );
    return {
      from,
      to,
      date,
      shared,
      deadlineMs: this.#deadlineMs,
      elapsedMs: Math.round(this.#clock.now() - startedAt),
      complete,
      asked: counts.total,
      answered: counts.fulfilled,
      fromCache: found.filter(({ cache }) => cache?.status === 'hit').length,
      fares: found.flatMap(({ fares }) => fares).toSorted(cheapestFirst),
      answers: found.map((one) => answerOf(all.get(one.code)!, one, one.durationMs)),
      missing: entries.flatMap(([code, entry]) =>
        entry.status === 'missed' ? missingAirline(all.get(code)!, entry) : [],
      ),
    };
  }

  /**
   * Has one search begin in each turn of the event loop: answers are read in between. Hundreds that begin at once keep the
   * process from reading any for as long as an attempt may take, and what has answered in time looks as if it had not.
   */
  #turn(): Promise<void> {
    return (this.#lastTurn = this.#lastTurn.then(() => setImmediate()));
  }
}

async function ask(airline: Airline, query: FareQuery, calls: FareCalls, signal: AbortSignal): Promise<FoundFares> {
  const { code, name, origin, Api } = airline;
  const anew = query.cached === 'false' && { headers: { 'cache-control': 'no-cache' } };
  const { data, cache } = await new Api(calls.client()).fares.raw(query, { baseURL: origin, signal, ...anew });
  const own = { airline: code, airlineName: name, currency: 'EUR' } as const;
  return { fares: data.map((offer) => Object.assign({}, own, offer)), cache };
}

const cheapestFirst = (a: Fare, b: Fare): number => a.price - b.price || a.departsAt.localeCompare(b.departsAt);
