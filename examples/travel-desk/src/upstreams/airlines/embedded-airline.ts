import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { AirlineMode } from '../../airlines/airlines.dto.js';
import { type EmbeddedServer, startServer } from '../embedded-server.js';
import { seededRandom, seedOf } from '../seeded-random.js';
import { json, notModified, type Reply, sendAfter } from '../send.js';
import type { AirlineProfile } from './airline-profiles.js';
import { timetable } from './timetable.js';

/** Longer than any search. */
const SLOW_MS = 10_000;
const MAINTENANCE_PAGE = '<!doctype html><title>We will be right back</title>';
const QUOTA_INTERVAL_MS = 1_000;
/** For as long as an airline stands by its fares. */
const MAX_AGE_SECONDS = 30;

/** An airline's API, and what a person has done to it. */
export class EmbeddedAirline {
  mode: AirlineMode = 'normal';
  readonly #random: () => number;
  #requests = 0;
  #quota = { since: 0, used: 0 };

  private constructor(
    readonly profile: AirlineProfile,
    private readonly servers: readonly EmbeddedServer[],
    private readonly seed: number,
  ) {
    this.#random = seededRandom(seed + seedOf(profile.code));
  }

  static async start(profile: AirlineProfile, seed: number): Promise<EmbeddedAirline> {
    const listeners = Array.from(
      { length: profile.servers ?? 1 },
      (_, index): RequestListener =>
        (...exchange) =>
          airline.#answer(index, ...exchange),
    );
    const servers = await Promise.all(listeners.map((listener) => startServer(listener)));
    const airline = new EmbeddedAirline(profile, servers, seed);
    return airline;
  }

  /** Its address, or a name for all of its servers. Whoever does not know their addresses gets the first. */
  get origin(): string {
    const { origin } = this.servers[0]!;
    return this.servers.length === 1 ? origin : origin.replace('127.0.0.1', 'localhost');
  }

  /** Host and port of each of its servers. */
  get addresses(): readonly string[] {
    return this.servers.map(({ host }) => host);
  }

  close(): void {
    for (const server of this.servers) server.close();
  }

  #answer(server: number, ...[request, response]: Parameters<RequestListener>): void {
    const [path = '', query] = (request.url ?? '').split('?');
    const nth = ++this.#requests;
    const [from, to, date] = path.split('/').slice(2);
    if (!from || !to || !date || query !== undefined) sendAfter(0, response, json(404, { error: 'no such page' }));
    else if (this.mode === 'broken' && server === 0) sendAfter(0, response, json(503, { error: 'broken by hand' }));
    else {
      const reply = this.#reply(nth, { from, to, date });
      sendAfter(this.#latencyMs(nth), response, notModified(reply, request) ?? reply);
    }
  }

  #latencyMs(nth: number): number {
    if (this.mode === 'slow') return SLOW_MS;
    const { tail, latencyMs } = this.profile;
    if (tail && nth % tail.every === 0) return tail.tailMs;
    const [min, max] = latencyMs;
    return min + this.#random() * (max - min);
  }

  #reply(nth: number, journey: Parameters<typeof timetable>[2]): Reply {
    const { profile } = this;
    if (!this.#isWithinQuota()) return json(429, { error: 'quota' }, { 'retry-after': '1' });
    if (profile.failsEvery && nth % profile.failsEvery === 0) return json(503, { error: 'try again' });
    if (profile.oddEvery && nth % profile.oddEvery === 0)
      return { status: 200, type: 'text/html', body: MAINTENANCE_PAGE };
    const flights = timetable(this.seed, profile.code, journey);
    return cacheable(profile.type, profile.render(flights, profile.code));
  }

  #isWithinQuota(): boolean {
    const { quotaPerSecond = Infinity } = this.profile;
    const now = performance.now();
    if (now - this.#quota.since >= QUOTA_INTERVAL_MS) this.#quota = { since: now, used: 0 };
    return ++this.#quota.used <= quotaPerSecond;
  }
}

/** Fares, which may be shown for a while, and then be asked for by their ETag. */
function cacheable(type: string, body: string): Reply {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`;
  return { status: 200, type, body, headers: { 'cache-control': `max-age=${MAX_AGE_SECONDS}`, etag } };
}
