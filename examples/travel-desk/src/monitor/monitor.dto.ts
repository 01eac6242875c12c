import * as v from 'valibot';
import { BreakerStateSchema } from '../traffic/traffic.dto.js';
import { count, moment, ms, share } from '../validation/schema-parts.js';

/** What an embedded health endpoint is like. */
export const BehaviourSchema = v.picklist([
  'healthy',
  'slow',
  'flapping',
  'dead',
  'rate-limiting',
  'redirecting',
  'expired-tls',
]);
export type Behaviour = v.InferOutput<typeof BehaviourSchema>;

/**
 * - `unknown`: not pinged yet.
 * - `up`: a status of 2xx, in time.
 * - `degraded`: a status of 2xx, but slowly; or it asks for fewer requests.
 * - `down`: anything else.
 */
export const EndpointStateSchema = v.picklist(['unknown', 'up', 'degraded', 'down']);
export type EndpointState = v.InferOutput<typeof EndpointStateSchema>;

export const PingSchema = v.object({
  at: v.pipe(moment, v.description('When it was sent')),
  state: EndpointStateSchema,
  status: v.pipe(v.nullable(count), v.description('Of the last answer; null: there was none')),
  code: v.pipe(v.nullable(v.string()), v.description('What it failed with, as ECONNREFUSED; null: it was answered')),
  attempts: v.pipe(count, v.description('Requests that were sent: 0 if the circuit breaker or the rate limit refused')),
  durationMs: ms,
});
export type Ping = v.InferOutput<typeof PingSchema>;

/** A ping as a sparkline shows it. */
const RecentPingSchema = v.object({ state: EndpointStateSchema, durationMs: ms });
export type RecentPing = v.InferOutput<typeof RecentPingSchema>;

/** Key: `id`. */
export const EndpointViewSchema = v.object({
  id: v.string(),
  url: v.pipe(v.string(), v.description('Without what is secret in it')),
  behaviour: v.pipe(v.nullable(BehaviourSchema), v.description('null: not one of the embedded endpoints')),
  state: EndpointStateSchema,
  since: v.pipe(v.nullable(moment), v.description('Since when it has been in this state; null: not pinged yet')),
  last: v.nullable(PingSchema),
  uptime: v.pipe(v.nullable(share), v.description('Of the pings kept, those that did not find it down')),
  breaker: BreakerStateSchema,
  recent: v.pipe(v.array(RecentPingSchema), v.description('The last 30 pings, the newest last')),
});
export type EndpointView = v.InferOutput<typeof EndpointViewSchema>;

/** `GET /monitor/:id` */
export const EndpointDetailSchema = v.object({
  ...EndpointViewSchema.entries,
  history: v.pipe(v.array(PingSchema), v.description('The last pings, the newest last')),
});
export type EndpointDetail = v.InferOutput<typeof EndpointDetailSchema>;

/** An endpoint that went down, or came up again. */
export const AlertSchema = v.object({
  at: v.pipe(moment, v.description('When the ping was sent that found it so')),
  id: v.pipe(v.string(), v.description('Of the endpoint')),
  state: v.pipe(EndpointStateSchema, v.description('down, or what it is now that it is not down any more')),
  status: PingSchema.entries.status,
  code: PingSchema.entries.code,
});
export type Alert = v.InferOutput<typeof AlertSchema>;

/** A monitor that several processes share. */
export const SharingSchema = v.object({
  replica: v.pipe(
    v.string(),
    v.description('This process: its host, its number, and what tells it from an earlier one'),
  ),
  replicas: v.pipe(count, v.description('Processes that share the work')),
  slices: v.pipe(count, v.description('Parts that the endpoints are dealt out in')),
  slicesHere: v.pipe(count, v.description('Those that this process pinged last')),
  connected: v.pipe(v.boolean(), v.description('false: Redis does not answer, and everything is as it was last known')),
});

export const MonitorSummarySchema = v.object({
  intervalMs: ms,
  ticks: v.pipe(count, v.description('Rounds that are over')),
  skippedTicks: v.pipe(
    count,
    v.description('Not begun as the one before was still under way; on several processes: of a slice'),
  ),
  running: v.pipe(v.boolean(), v.description('Whether this process is pinging')),
  lastTickMs: v.pipe(
    v.nullable(ms),
    v.description('How long the last round took, on several processes that of a slice; null: there was none'),
  ),
  sharing: v.pipe(v.nullable(SharingSchema), v.description('null: this process pings alone')),
  states: v.pipe(
    v.object({ unknown: count, up: count, degraded: count, down: count }),
    v.description('Endpoints in each state'),
  ),
});
export type MonitorSummary = v.InferOutput<typeof MonitorSummarySchema>;

/** `GET /monitor` */
export const MonitorViewSchema = v.object({
  ...MonitorSummarySchema.entries,
  endpoints: v.array(EndpointViewSchema),
});
export type MonitorView = v.InferOutput<typeof MonitorViewSchema>;
