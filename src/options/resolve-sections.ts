import type { LogLevel } from '@nestjs/common';
import type { TlsFiles, TlsOptions, TlsWatchOptions } from './transport-options.js';

/** What the address guard allows, and what it refuses besides the special ranges. */
export interface GuardOptions {
  /**
   * Hosts that can have any address except those in `blockCidrs`: `billing.internal`, `127.0.0.1`, or `*.internal` for every host below it.
   * Whoever controls their DNS decides where they lead.
   * @default none
   */
  allowHosts?: readonly string[];
  /**
   * Special ranges that are allowed, such as `10.20.0.0/16` or `fd12:3456::/32`.
   * @default none
   */
  allowCidrs?: readonly string[];
  /**
   * Ranges that are refused, whatever else allows them: public ranges of your own network, or ranges that your network translates into IPv4.
   * @default none
   */
  blockCidrs?: readonly string[];
  /**
   * Ports that are allowed, for every host.
   * @default [80, 443]; `false`: any
   */
  allowPorts?: readonly number[] | false;
}

/** With nothing left to default. */
export type GuardSettings = Readonly<Required<GuardOptions>>;

export const GUARD_DEFAULTS: GuardSettings = Object.freeze({
  allowHosts: Object.freeze([]),
  allowCidrs: Object.freeze([]),
  blockCidrs: Object.freeze([]),
  allowPorts: Object.freeze([80, 443]),
});

/**
 * Puts what is given on top of what is inherited, option by option.
 * @returns what is inherited itself where nothing else is asked for: clients with one guard may share a pool
 */
export function resolveGuard(
  given: boolean | GuardOptions | undefined,
  inherited: GuardSettings | false,
): GuardSettings | false {
  if (given === undefined || given === null) return inherited; // null has its problem listed
  if (given === false) return false;
  const chosen = Object.entries(given).filter(([, value]) => value !== undefined);
  if (chosen.length === 0) return inherited || GUARD_DEFAULTS;
  const copied = chosen.map(([name, value]) => [name, Array.isArray(value) ? Object.freeze([...value]) : value]);
  return Object.freeze({ ...(inherited || GUARD_DEFAULTS), ...Object.fromEntries(copied) });
}

const FILE_OPTIONS = ['ca', 'cert', 'key', 'pfx'] as const satisfies (keyof TlsFiles)[];

/** `TlsOptions`, resolved. */
export interface TlsSettings extends Readonly<Omit<TlsOptions, 'files' | 'watch'>> {
  readonly files?: Readonly<TlsFiles>;
  /** Only with files. */
  readonly watch?: Readonly<Required<TlsWatchOptions>>;
}

/** Puts what is given on top of what is inherited, option by option: what is given as a file takes the place of what is inherited, and the other way round. */
export function resolveTls(given: TlsOptions, inherited: TlsSettings): TlsSettings {
  const { files: inheritedFiles, watch: inheritedWatch, ...inheritedRest } = inherited;
  const { files: givenFiles, watch = inheritedWatch, ...rest } = given;
  const files: Record<string, string | undefined> = { ...inheritedFiles };
  const own: TlsOptions = { ...inheritedRest };
  for (const name of FILE_OPTIONS) {
    if (givenFiles?.[name] !== undefined) {
      files[name] = givenFiles[name];
      delete own[name];
    }
    if (given[name] !== undefined) delete files[name];
  }
  const isAny = Object.keys(files).length > 0;
  return Object.freeze({
    ...own,
    ...rest,
    ...(isAny && { files: Object.freeze(files) }),
    ...(isAny && watch && { watch: Object.freeze({ intervalMs: (watch !== true && watch.intervalMs) || 10_000 }) }),
  }) as TlsSettings;
}

/** What outbound calls take over from the inbound request that makes them. */
export interface InboundOptions {
  /**
   * The header with the time limit of the inbound request, in milliseconds from its arrival. Outbound calls end by then; origins in
   * `forward.to` get the time that is left.
   * @default 'x-request-timeout-ms'; `false`: none
   */
  deadlineHeader?: string | false;
  /**
   * Headers of the inbound request that your own services get.
   * @default none
   */
  forward?: {
    /**
     * Names of the headers to forward.
     * @default ['x-request-id', 'traceparent', 'tracestate', 'baggage', 'accept-language']
     */
    headers?: readonly string[];
    /** Origins of your own services, such as `https://api.example.com`. No other origin gets anything. */
    to: readonly string[];
  };
}

/** With nothing left to default. Names are in lower case. */
export interface InboundSettings {
  readonly deadlineHeader: string | false;
  readonly forwardHeaders: readonly string[];
  readonly forwardTo: ReadonlySet<string>;
}

const FORWARDED = ['x-request-id', 'traceparent', 'tracestate', 'baggage', 'accept-language'];

export function resolveInbound(given: boolean | InboundOptions | undefined): InboundSettings | false {
  if (!given) return false;
  const { deadlineHeader = 'x-request-timeout-ms', forward = { to: [] } } = given === true ? {} : given;
  const { headers = FORWARDED, to } = forward;
  return Object.freeze({
    deadlineHeader: deadlineHeader && deadlineHeader.toLowerCase(),
    forwardHeaders: Object.freeze(headers.map((name) => name.toLowerCase())),
    forwardTo: new Set(to),
  });
}

/** Lines in Nest's Logger, with the context `HttpClientModule`. `false` turns one off. */
export interface LoggingOptions {
  /**
   * Level of the line about a failed call. A call that its caller cancelled is not a failed call.
   * @default 'warn'
   */
  failedCalls?: LogLevel | false;
  /**
   * Level of the line about a response with a status from 400 to 499, except 408 and 429: the upstream works, and an app expects many of
   * them, such as 404.
   * @default 'debug'; `false` if `failedCalls` is
   */
  clientErrors?: LogLevel | false;
  /**
   * A line about each call that succeeds but takes longer than this.
   * @default false
   */
  slowCalls?: SlowCallsOptions | false;
  /**
   * Level of the line about a response that an HTTP cache has stored, or has not stored, with the reason. Nothing is logged about calls that are answered from it.
   * @default 'debug'
   */
  cacheDecisions?: LogLevel | false;
  /**
   * How long equal lines (same client, method, origin, template and outcome) are held back after one. The next line says how many there were;
   * the rest is logged when the app ends. `false`: one line per call.
   * @default 10_000 milliseconds
   */
  repeatAfterMs?: number | false;
  /**
   * Level of the lines about clients and pools: opened, draining, closed with the drain report.
   * @default 'log'
   */
  lifecycle?: LogLevel | false;
}

/** The line about a slow call. */
export interface SlowCallsOptions {
  /** Milliseconds from the call to the end of the response body, after which it is slow. */
  afterMs: number;
  /**
   * Level of the line.
   * @default 'warn'
   */
  level?: LogLevel;
}

/** With nothing left to default. */
export interface LoggingSettings {
  readonly failedCalls: LogLevel | false;
  readonly clientErrors: LogLevel | false;
  readonly slowCalls: Readonly<Required<SlowCallsOptions>> | false;
  readonly cacheDecisions: LogLevel | false;
  readonly repeatAfterMs: number | false;
  readonly lifecycle: LogLevel | false;
}

const OFF: LoggingSettings = Object.freeze({
  failedCalls: false,
  clientErrors: false,
  slowCalls: false,
  cacheDecisions: false,
  repeatAfterMs: false,
  lifecycle: false,
});

export function resolveLogging(given: LoggingOptions | false = {}): LoggingSettings {
  if (given === false) return OFF;
  const { failedCalls = 'warn', slowCalls = false, repeatAfterMs = 10_000, lifecycle = 'log' } = given;
  const { clientErrors = failedCalls && 'debug', cacheDecisions = 'debug' } = given;
  return Object.freeze({
    failedCalls,
    clientErrors,
    slowCalls: slowCalls && Object.freeze({ level: 'warn', ...slowCalls }),
    cacheDecisions,
    repeatAfterMs,
    lifecycle,
  });
}

declare module 'axios' {
  interface AxiosRequestConfig {
    /** For clients of nest-outbound: the path as a template, such as `/users/{id}`, for metrics, spans and events. Raw paths have unbounded cardinality. */
    urlTemplate?: string;
  }
}

/** What a client reports to OpenTelemetry, if an SDK is registered. */
export interface TelemetryOptions {
  /**
   * A span for each request. `@opentelemetry/instrumentation-http` then creates none.
   * @default true
   */
  tracing?: boolean;
  /**
   * The metrics of the semantic conventions, and `nest_outbound.call.duration`.
   * @default true
   */
  metrics?: boolean;
  /**
   * Which origins get the trace headers of the SDK's propagators (`traceparent`, `tracestate`, `baggage`): all, none, or a list such as
   * `['https://api.example.com']`. With a list, a redirect to another origin drops the headers. Without `tracing`, no origin gets them.
   * @default true
   */
  propagate?: boolean | readonly string[];
}

/** With nothing left to default. */
export type TelemetrySettings = Readonly<Required<TelemetryOptions>>;

export const TELEMETRY_DEFAULTS: TelemetrySettings = Object.freeze({ tracing: true, metrics: true, propagate: true });

/** @param inherited what holds where nothing is given; parts that are left out are inherited, too */
export function resolveTelemetry(
  given: boolean | TelemetryOptions | undefined,
  inherited: TelemetrySettings | false,
): TelemetrySettings | false {
  if (given === undefined) return inherited;
  if (given === false) return false;
  if (given === true) return inherited || TELEMETRY_DEFAULTS;
  const { tracing, metrics, propagate } = inherited || TELEMETRY_DEFAULTS;
  return Object.freeze({
    tracing: given.tracing ?? tracing,
    metrics: given.metrics ?? metrics,
    propagate: given.propagate ?? propagate,
  });
}
