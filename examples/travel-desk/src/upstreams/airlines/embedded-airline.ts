import type { RequestListener } from 'node:http';
import type { AirlineMode } from '../../airlines/airlines.dto.js';
import { type EmbeddedServer, startServer } from '../embedded-server.js';
import { seededRandom, seedOf } from '../seeded-random.js';
import { json, type Reply, sendAfter } from '../send.js';
import type { AirlineProfile } from './airline-profiles.js';
import { timetable } from './timetable.js';

/** Longer than any search. */
const SLOW_MS = 10_000;
const MAINTENANCE_PAGE = '<!doctype html><title>We will be right back</title>';
const QUOTA_INTERVAL_MS = 1_000;

/** An airline's API, and what a person has done to it. */
export class EmbeddedAirline {
  mode: AirlineMode = 'normal';
  readonly #random: () => number;
  #requests = 0;
  #quota = { since: 0, used: 0 };

  private constructor(
    readonly profile: AirlineProfile,
    readonly origin: string,
    private readonly server: EmbeddedServer,
    private readonly seed: number,
  ) {
    this.#random = seededRandom(seed + seedOf(profile.code));
  }

  static async start(profile: AirlineProfile, seed: number): Promise<EmbeddedAirline> {
    const server = await startServer((...exchange) => airline.#answer(...exchange));
    const airline = new EmbeddedAirline(profile, server.origin, server, seed);
    return airline;
  }

  close(): void {
    this.server.close();
  }

  readonly #answer: RequestListener = (request, response) => {
    const [path = '', query] = (request.url ?? '').split('?');
    const nth = ++this.#requests;
    const [from, to, date] = path.split('/').slice(2);
    if (from && to && date && query === undefined)
      sendAfter(this.#latencyMs(nth), response, this.#reply(nth, { from, to, date }));
    else sendAfter(0, response, json(404, { error: 'no such page' }));
  };

  #latencyMs(nth: number): number {
    if (this.mode === 'broken') return 0;
    if (this.mode === 'slow') return SLOW_MS;
    const { tail, latencyMs } = this.profile;
    if (tail && nth % tail.every === 0) return tail.tailMs;
    const [min, max] = latencyMs;
    return min + this.#random() * (max - min);
  }

  #reply(nth: number, journey: Parameters<typeof timetable>[2]): Reply {
    const { profile } = this;
    if (this.mode === 'broken') return json(503, { error: 'broken by hand' });
    if (!this.#isWithinQuota()) return json(429, { error: 'quota' }, { 'retry-after': '1' });
    if (profile.failsEvery && nth % profile.failsEvery === 0) return json(503, { error: 'try again' });
    if (profile.oddEvery && nth % profile.oddEvery === 0)
      return { status: 200, type: 'text/html', body: MAINTENANCE_PAGE };
    const flights = timetable(this.seed, profile.code, journey);
    return { status: 200, type: profile.type, body: profile.render(flights, profile.code) };
  }

  #isWithinQuota(): boolean {
    const { quotaPerSecond = Infinity } = this.profile;
    const now = performance.now();
    if (now - this.#quota.since >= QUOTA_INTERVAL_MS) this.#quota = { since: now, used: 0 };
    return ++this.#quota.used <= quotaPerSecond;
  }
}
