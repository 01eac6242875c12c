import type { LoggerService, LogLevel } from '@nestjs/common';
import { type AxiosError, isCancel } from 'axios';
import { inspect } from 'node:util';
import type { Clock } from '../base/clock.js';
import { OriginMap } from '../base/origin-map.js';
import type { HttpClientEvents } from '../call/event-sink.js';
import type { CacheDecisionEvent, CallEndEvent, TlsReloadEvent } from '../call/events.js';
import { responseOf } from '../call/outcome.js';
import { outcomeName } from '../call/transience.js';
import type { ResolvedClientOptions } from '../options/resolve-options.js';
import type { SharedStateChange } from '../options/shared-state.js';
import type { LoggingSettings } from '../options/resolve-sections.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { DrainReport } from '../pool/drain.js';
import type { ClientCloseReport } from './runtime-clients.js';

/**
 * What a failed call was doing:
 * - `queue`: waiting for a place under a limit, or for a socket
 * - `connect`: DNS, TCP, TLS
 * - `response`: from the request to the headers of the response
 * - `body`: reading the response's body
 * - `refused`: nothing yet: the client did not let it go
 */
type FailedPhase = 'queue' | 'connect' | 'response' | 'body' | 'refused';

const PHASES: ReadonlyMap<string, FailedPhase> = new Map([
  ['ERR_CONCURRENCY_LIMIT', 'queue'],
  ['ERR_RATE_LIMIT', 'queue'],
  ['ERR_POOL_QUEUE_FULL', 'queue'],
  ['ERR_POOL_TIMEOUT', 'queue'],
  ['ERR_CONNECT_TIMEOUT', 'connect'],
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ENETUNREACH', 'connect'],
  ['ENOTFOUND', 'connect'],
  ['EAI_AGAIN', 'connect'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'connect'],
  ['CERT_HAS_EXPIRED', 'connect'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'connect'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'connect'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'connect'],
  ['ERR_RESPONSE_TIMEOUT', 'response'],
  ['ERR_BODY_TIMEOUT', 'body'],
  ['ERR_BODY_UNREAD', 'body'],
  ['ERR_BODY_TOO_LARGE', 'body'],
  ['ERR_CIRCUIT_OPEN', 'refused'],
  ['ERR_ADDRESS_BLOCKED', 'refused'],
]);

/**
 * By its code where that tells; else by its timings, which have the phase that it failed in last.
 * @param outcome the status that was refused, or the code of the error
 * @returns undefined where neither tells, as in a pause between two attempts
 */
export function failedPhase(
  outcome: number | string,
  { timings, requests }: Pick<CallEndEvent, 'timings' | 'requests'>,
): FailedPhase | undefined {
  if (typeof outcome === 'number') return 'response';
  const phase = PHASES.get(outcome);
  if (phase !== undefined || timings === undefined) return phase;
  const { queueMs = 0, dnsMs, connectMs, tlsMs, firstByteMs, bodyMs } = timings;
  if (bodyMs !== undefined) return 'body';
  if (firstByteMs !== undefined) return 'response';
  if (dnsMs !== undefined || connectMs !== undefined || tlsMs !== undefined) return 'connect';
  return requests === 0 && queueMs > 0 ? 'queue' : undefined;
}

interface Repeated {
  lastAt: number;
  heldBack: number;
  level: LogLevel;
}

/** Holds lines back that were written a moment ago. Knows the 1,000 written last; does no I/O, time is passed in. */
export class RepeatedLines {
  readonly #afterMs: number;
  readonly #lines = new OriginMap<Repeated>(() => ({ lastAt: -Infinity, heldBack: 0, level: 'log' }));

  /** @param afterMs how long; 0: none is held back */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** @returns how many were held back since the last, where the line is to be written; undefined where it is not */
  seen(line: string, level: LogLevel, now: number): number | undefined {
    const repeated = this.#lines.get(line);
    repeated.level = level;
    if (now - repeated.lastAt < this.#afterMs) {
      repeated.heldBack++;
      return undefined;
    }
    const { heldBack } = repeated;
    repeated.lastAt = now;
    repeated.heldBack = 0;
    return heldBack;
  }

  /** Those that were held back and never told of. Forgets them. */
  *leftOver(): Generator<readonly [level: LogLevel, line: string, heldBack: number]> {
    for (const [line, repeated] of this.#lines.entries()) {
      if (repeated.heldBack > 0) yield [repeated.level, line, repeated.heldBack];
      repeated.heldBack = 0;
    }
  }
}

/** What the log says when a client is made: who it is, which pool it uses, and within which limits. */
export function openLine(
  clientId: string,
  { name, pool, timeouts }: ResolvedClientOptions,
  { id }: ConnectionPool,
): string {
  const age = pool.maxAgeMs === false ? 'any age' : `age ${pool.maxAgeMs} ms ±10 %`;
  const timeout = timeouts.attemptMs === false ? 'no attempt timeout' : `attempt timeout ${timeouts.attemptMs} ms`;
  return (
    `Client "${name}" (${clientId}) open on pool ${id}: ${pool.maxSockets} sockets per origin, ` +
    `${pool.maxFreeSockets} idle for ${pool.idleMs} ms, ${age}; ${timeout}`
  );
}

/** What the log says when a pool begins to drain. */
export function drainingLine({ id, inFlight }: ConnectionPool, drainMs: number): string {
  return `Pool ${id}: open → draining; calls in flight: ${inFlight}, deadline: ${drainMs} ms`;
}

/** What the log says when a pool is closed. */
export function closedLine({ id }: ConnectionPool, report: DrainReport): string {
  return (
    `Pool ${id}: draining → closed in ${report.durationMs} ms; calls finished: ${report.finished} ` +
    `(${report.admittedWhileDraining} admitted while draining), aborted: ${report.aborted}; ` +
    `sockets closed: ${report.socketsClosed}`
  );
}

/** What the log says when a client is closed before the app is. */
export function clientClosedLine(
  name: string,
  { finished, aborted, socketsClosed, durationMs }: ClientCloseReport,
): string {
  return (
    `Client ${JSON.stringify(name)}: closed in ${durationMs} ms; calls finished: ${finished}, aborted: ${aborted}; ` +
    `sockets closed: ${socketsClosed}`
  );
}

/** What the log says of the files of a pool's certificates. */
export function tlsLine({ pool, validTo, failure }: TlsReloadEvent): string {
  if (failure !== undefined) return `Pool ${pool}: the certificates of tls.files stay as they were: ${failure}`;
  return `Pool ${pool}: the certificates of tls.files are in use${validTo === undefined ? '' : `, valid to ${validTo}`}`;
}

/** What the log says when replicas begin, or cease, to count together. */
export function sharedLine({ from, to, reason, replicas }: SharedStateChange): string {
  const change = `Shared state: ${from} → ${to}`;
  if (to === 'available') return `${change}; limits count for all replicas again`;
  return `${change}: ${reason}; each of ${replicas} replicas keeps to its share of a limit`;
}

/**
 * Writes a line about each call that fails, each that is slow, and each decision of a cache, as `settings` say.
 * @returns ends it, and tells of the lines that were held back
 */
export function logCalls(
  events: HttpClientEvents,
  { failedCalls, clientErrors, slowCalls, cacheDecisions, repeatAfterMs }: LoggingSettings,
  clock: Clock,
  write: (level: LogLevel, line: string, fields?: object) => void,
): () => void {
  const lines = new RepeatedLines(repeatAfterMs || 0);
  const tell = (level: LogLevel, event: CallEndEvent, outcome: string, phase?: FailedPhase) => {
    const about = `${subject(event)} ${outcome}`;
    const heldBack = lines.seen(about, level, clock.now());
    if (heldBack !== undefined)
      write(level, `${about}, ${summary(event)}${more(heldBack)}`, fieldsOf(event, phase, heldBack));
  };
  const ends: (() => void)[] = [];
  if (failedCalls || clientErrors) {
    const failed = events.on('call:fail', (event) => {
      // What was given up, by its caller or with the inbound request, has not failed.
      if (isCancel(event.error)) return;
      const outcome = outcomeOf(event.error);
      const level = isClientError(outcome, event) ? clientErrors : failedCalls;
      if (!level) return;
      const phase = failedPhase(outcome, event);
      tell(level, event, `failed: ${described(outcome, phase)}`, phase);
    });
    ends.push(failed);
  }
  if (slowCalls) {
    const over = events.on('call:end', (event) => {
      if (event.error === undefined && event.durationMs > slowCalls.afterMs) tell(slowCalls.level, event, 'was slow');
    });
    ends.push(over);
  }
  if (cacheDecisions) {
    const decided = events.on('cache:decision', (event) => {
      const line = `${subject(event)} ${event.stored ? 'stored' : 'not stored'}: ${event.reason}`;
      const heldBack = lines.seen(line, cacheDecisions, clock.now());
      if (heldBack !== undefined) write(cacheDecisions, `${line}${more(heldBack)}`, decisionFields(event, heldBack));
    });
    ends.push(decided);
  }
  return () => {
    for (const end of ends) end();
    for (const [level, line, count] of lines.leftOver()) write(level, `${line}; ${count} more`);
  };
}

const subject = ({
  client,
  method,
  origin,
  urlTemplate = '',
}: Pick<CallEndEvent, 'client' | 'method' | 'origin' | 'urlTemplate'>) =>
  `Client "${client}": ${method} ${origin}${urlTemplate}`;

function outcomeOf(error: unknown): number | string {
  const response = responseOf(error);
  return outcomeName({ error, ...(response && { response }) });
}

/** The upstream works, and says that the call was wrong, or asked for what is not there. 408 and 429 tell of the upstream's own state. */
function isClientError(outcome: number | string, { status }: CallEndEvent): boolean {
  // Not so what a proxy says: its status is not the call's.
  if (typeof outcome !== 'number' || outcome !== status) return false;
  return outcome >= 400 && outcome < 500 && outcome !== 408 && outcome !== 429;
}

function described(outcome: number | string, phase: FailedPhase | undefined): string {
  if (typeof outcome === 'number') return `status ${outcome}`;
  return phase === undefined ? outcome : `${outcome} (${phase})`;
}

function summary({ durationMs, requests }: CallEndEvent): string {
  return `${requests > 1 ? `after ${requests} requests, ` : ''}in ${Math.round(durationMs)} ms`;
}

const more = (heldBack: number) => (heldBack > 0 ? `; ${heldBack} more since the last such line` : '');

/** For loggers that write JSON: the line says it all. */
function fieldsOf(event: CallEndEvent, phase: FailedPhase | undefined, heldBack: number): object {
  const { client, method, origin, urlTemplate, status, error, requests, durationMs } = event;
  const { code } = (error ?? {}) as Partial<AxiosError>;
  const call = { client, method, origin, urlTemplate, status, code, phase, requests };
  const counts = { durationMs: Math.round(durationMs), ...(heldBack > 0 && { heldBack }) };
  return { ...call, ...counts };
}

function decisionFields({ client, method, origin, urlTemplate, stored, reason }: CacheDecisionEvent, heldBack: number) {
  return { client, method, origin, urlTemplate, stored, reason, ...(heldBack > 0 && { heldBack }) };
}

/** A line with fields, for loggers that take them in one object: as text it is the line. */
class LogLine {
  /** What winston calls the line, and Nest 11 where it writes JSON. */
  readonly message: string;
  /** What pino calls it. */
  readonly msg: string;

  constructor(line: string, fields: object) {
    this.message = line;
    this.msg = line;
    Object.assign(this, fields);
  }

  toString(): string {
    return this.message;
  }

  [inspect.custom](): string {
    return this.message;
  }
}

/**
 * What to pass to a logger. Nest 12's ConsoleLogger takes the fields beside the line, as `params`. Nest 11's would write them as a second
 * line, nestjs-pino would drop them, and nest-winston would take them for the context: all of these read one object.
 */
export function messagesFor(
  logger: LoggerService | undefined,
  line: string,
  fields: object | undefined,
): [message: unknown, ...params: unknown[]] {
  if (!fields) return [line];
  const takesParams = logger !== undefined && 'stringifyParams' in logger;
  return takesParams ? [line, { ...fields, [inspect.custom]: () => '' }] : [new LogLine(line, fields)];
}
