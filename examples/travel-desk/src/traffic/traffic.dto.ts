import * as v from 'valibot';
import { count, moment, ms, share } from '../validation/schema-parts.js';

export const BreakerStateSchema = v.picklist(['closed', 'open', 'half-open']);

/** The circuit breaker of one origin of one client. Key: `client` and `origin`. */
export const BreakerViewSchema = v.object({
  client: v.string(),
  origin: v.string(),
  label: v.pipe(v.string(), v.description('What people call the origin, as an airline’s name')),
  state: BreakerStateSchema,
  calls: v.pipe(count, v.description('That ended within its window')),
  failures: v.pipe(count, v.description('Of those')),
  halfOpenAt: v.pipe(
    v.nullable(moment),
    v.description('When it lets a call through again; null: it is not open, or open until somebody closes it'),
  ),
});
export type BreakerView = v.InferOutput<typeof BreakerViewSchema>;

const sockets = {
  active: v.pipe(count, v.description('Sockets that carry a request')),
  idle: v.pipe(count, v.description('Open sockets that wait for one')),
  queued: v.pipe(count, v.description('Requests that wait for a socket')),
  created: v.pipe(count, v.description('Sockets opened since the start')),
  reused: v.pipe(count, v.description('Requests sent on a socket that had carried another before')),
  closed: count,
  timedOut: count,
  errors: count,
  reuseRatio: v.pipe(
    v.nullable(share),
    v.description('reused / (created + reused): requests that needed no new socket; null before the first'),
  ),
};

/** The sockets of one client to one origin. Key: `client` and `origin`. */
export const OriginSocketsSchema = v.object({
  client: v.string(),
  origin: v.string(),
  label: v.string(),
  ...sockets,
});
export type OriginSockets = v.InferOutput<typeof OriginSocketsSchema>;

/** What a client's HTTP cache was asked, since the start. */
const CacheViewSchema = v.object({
  calls: v.pipe(count, v.description('Calls that looked into it')),
  hits: v.pipe(count, v.description('Of those: answered without a request')),
  revalidated: v.pipe(count, v.description('Of those: the upstream has said 304')),
  hitRatio: v.pipe(v.nullable(share), v.description('hits / calls; null before the first')),
});
export type CacheView = v.InferOutput<typeof CacheViewSchema>;

/** A client and its pool, all origins together. Key: `client`. */
export const ClientViewSchema = v.object({
  client: v.string(),
  state: v.pipe(v.picklist(['open', 'draining', 'closed']), v.description('Of its pool')),
  inFlight: v.pipe(count, v.description('Calls whose response body has not ended')),
  open: v.pipe(count, v.description('Sockets that are open now')),
  maxSockets: v.pipe(v.nullable(count), v.description('As many as may be open at once; null: no limit')),
  retries: v.pipe(count, v.description('Calls that were made again, since the start')),
  cache: v.pipe(v.nullable(CacheViewSchema), v.description('null: it has none')),
  ...sockets,
});
export type ClientView = v.InferOutput<typeof ClientViewSchema>;

/** A call that is about to be made again. Nothing of it is kept. */
export const RetryNoticeSchema = v.object({
  at: moment,
  client: v.string(),
  origin: v.string(),
  label: v.string(),
  attempt: v.pipe(count, v.description('The one that failed: 1 for the first')),
  outcome: v.pipe(v.union([v.number(), v.string()]), v.description('The status it got, or the code it failed with')),
  delayMs: v.pipe(ms, v.description('milliseconds until the next attempt')),
});
export type RetryNotice = v.InferOutput<typeof RetryNoticeSchema>;
