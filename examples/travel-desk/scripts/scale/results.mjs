import { Redis } from 'ioredis';
import { keys } from '../../dist/monitor/shared/keys.js';

/** Listens to what the processes tell each other, and counts the pings of each round. */
export function listenToResults(redisUrl) {
  const redis = new Redis(redisUrl, { retryStrategy: () => 200, maxRetriesPerRequest: null });
  redis.on('error', () => {});
  /** Round, as the moment when it began → its pings: endpoint → how many; slice → who pinged it last. */
  const rounds = new Map();
  let pings = 0;
  let requests = 0;
  redis.on('message', (_, text) => {
    const message = JSON.parse(text);
    if (!message.pings) return;
    if (!rounds.has(message.round)) rounds.set(message.round, { counts: new Map(), replicas: new Map() });
    const { counts, replicas } = rounds.get(message.round);
    for (const [id] of message.pings) counts.set(id, (counts.get(id) ?? 0) + 1);
    replicas.set(message.slice, message.replica);
    pings += message.pings.length;
    for (const [, , , , , attempts] of message.pings) requests += attempts;
  });
  return {
    ready: redis.subscribe(keys.channel),
    /** How many there were until now. */
    pings: () => pings,
    /** What they took: a ping may be tried twice. */
    requests: () => requests,
    /** When the last round began; undefined: none has. */
    lastRound: () => [...rounds.keys()].toSorted((one, other) => one - other).at(-1),
    /** What became of the rounds that were to begin in this time: of each its missed and double pings, and its slices by process. */
    roundsBetween(from, until, everyMs, endpoints) {
      const phase = rounds.keys().next().value % everyMs;
      const seen = [];
      for (let due = Math.ceil((from - phase) / everyMs) * everyMs + phase; due < until; due += everyMs) {
        // One that was made up for in between counts as the round it is nearest to.
        const near = [...rounds].filter(([round]) => Math.abs(round - due) < everyMs / 2).map(([, found]) => found);
        const counts = new Map();
        for (const [id, count] of near.flatMap((found) => Array.from(found.counts)))
          counts.set(id, (counts.get(id) ?? 0) + count);
        const replicas = new Map(near.flatMap((found) => Array.from(found.replicas)));
        const split = new Map();
        for (const replica of replicas.values()) split.set(replica, (split.get(replica) ?? 0) + 1);
        seen.push({
          missed: endpoints - counts.size,
          doubles: [...counts.values()].reduce((sum, count) => sum + count - 1, 0),
          split: [...split.values()].toSorted((one, other) => one - other).join('+'),
        });
      }
      return seen;
    },
    stop: () => redis.disconnect(),
  };
}
