import * as v from 'valibot';
import { AirlineViewSchema } from '../airlines/airlines.dto.js';
import { type Alert, EndpointViewSchema, MonitorSummarySchema } from '../monitor/monitor.dto.js';
import { count, moment, ms } from '../validation/schema-parts.js';
import { BreakerViewSchema, ClientViewSchema, OriginSocketsSchema, type RetryNotice } from '../traffic/traffic.dto.js';

/**
 * - `open`: normal.
 * - `draining`: idle sockets are closed, calls under way are finished; the app still answers.
 * - `closing`: nothing is under way any more; streams end, then the process does. The last event of a stream.
 */
export const DrainViewSchema = v.object({
  phase: v.picklist(['open', 'draining', 'closing']),
  inFlight: v.pipe(count, v.description('Outbound calls under way, of all clients')),
  openSockets: v.pipe(count, v.description('Of all clients')),
  elapsedMs: v.pipe(v.nullable(ms), v.description('Since the drain began; null: it has not')),
  deadlineMs: v.pipe(ms, v.description('milliseconds after which what is left is aborted')),
});
export type DrainView = v.InferOutput<typeof DrainViewSchema>;

export const ProcessViewSchema = v.object({
  pid: count,
  startedAt: moment,
  rssMegabytes: v.pipe(count, v.description('Memory of the process')),
  watchers: v.pipe(count, v.description('Streams of /desk/events that are open')),
});
export type ProcessView = v.InferOutput<typeof ProcessViewSchema>;

/** `GET /desk`, and the first event of `GET /desk/events`. */
export const DeskSnapshotSchema = v.object({
  at: moment,
  process: ProcessViewSchema,
  drain: DrainViewSchema,
  monitor: MonitorSummarySchema,
  endpoints: v.array(EndpointViewSchema),
  airlines: v.array(AirlineViewSchema),
  clients: v.array(ClientViewSchema),
  sockets: v.array(OriginSocketsSchema),
  breakers: v.array(BreakerViewSchema),
});
export type DeskSnapshot = v.InferOutput<typeof DeskSnapshotSchema>;

/**
 * Events of `GET /desk/events`: type → data. The first is a `snapshot`; then, as things change, one of its members or
 * one element of its lists, whole, to replace the one with the same key. `retry` and `alert` are news that is not kept.
 */
export interface DeskEvents {
  readonly snapshot: DeskSnapshot;
  readonly process: DeskSnapshot['process'];
  readonly drain: DeskSnapshot['drain'];
  readonly monitor: DeskSnapshot['monitor'];
  /** Key: `id`. */
  readonly endpoint: DeskSnapshot['endpoints'][number];
  /** Key: `code`. */
  readonly airline: DeskSnapshot['airlines'][number];
  /** Key: `client`. */
  readonly client: DeskSnapshot['clients'][number];
  /** Key: `client` and `origin`. */
  readonly sockets: DeskSnapshot['sockets'][number];
  /** Key: `client` and `origin`. */
  readonly breaker: DeskSnapshot['breakers'][number];
  readonly retry: RetryNotice;
  readonly alert: Alert;
}

/** One event of `GET /desk/events`. */
export type DeskEvent = {
  [Type in keyof DeskEvents]: { readonly type: Type; readonly data: DeskEvents[Type] };
}[keyof DeskEvents];
