import type { RequestListener } from 'node:http';
import type { Behaviour } from '../../monitor/monitor.dto.js';
import { json, sendAfter } from '../send.js';

const HEALTHY_MS = [2, 30] as const;
const SLOW_MS = [600, 900] as const;
/** Requests in a row that a flapping endpoint answers alike. */
const FLAPS_EVERY = 3;
/** Of so many requests a rate-limiting endpoint takes the first. */
const TAKES_ONE_OF = 3;
/** Longer than a round and its jitter. */
const RETRY_AFTER_SECONDS = 15;

/** How an embedded health endpoint answers; one that is dead has nobody to do so. */
export function healthAnswer(behaviour: Exclude<Behaviour, 'dead'>, random: () => number): RequestListener {
  let requests = 0;
  return (request, response) => {
    const nth = requests++;
    const [min, max] = behaviour === 'slow' ? SLOW_MS : HEALTHY_MS;
    const reply = (status: number, headers?: Record<string, string>) =>
      sendAfter(
        min + random() * (max - min),
        response,
        json(status, { status: status < 400 ? 'ok' : 'not ok' }, headers),
      );
    if (behaviour === 'redirecting' && request.url === '/health') reply(302, { location: '/healthz' });
    else if (behaviour === 'flapping' && Math.floor(nth / FLAPS_EVERY) % 2 === 1) reply(503);
    else if (behaviour === 'rate-limiting' && nth % TAKES_ONE_OF > 0)
      reply(429, { 'retry-after': String(RETRY_AFTER_SECONDS) });
    else reply(200);
  };
}
