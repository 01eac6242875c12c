import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { AxiosError } from 'axios';
import type { ServerResponse } from 'node:http';
import type { Http2Stream } from 'node:http2';
import { clientOf } from '../call/annotate.js';
import { originOf } from '../call/call.js';
import { isSourceError } from '../errors/body.errors.js';
import { HttpClientError } from '../errors/http-client.error.js';
import { AddressBlockedError, ClientClosedError, RetryLaterError } from '../errors/refusal.errors.js';
import { InboundAbortedError, isTimeoutError } from '../errors/timeout.errors.js';
import { redactText } from '../redaction/text.js';

/** How an inbound request is answered that an outbound call's error has ended. */
interface ErrorStatus {
  readonly status: number;
  /** The standard phrase for the status. */
  readonly title: string;
  /** For whoever made the inbound request: says nothing of the call but what became of it. */
  readonly detail: string;
  /** When it is worth another try: a whole number, 1 or more. */
  readonly retryAfterSeconds?: number;
}

/** The client's own limits, which are no fault of the upstream's. */
const REFUSED = new Set([
  'ERR_CIRCUIT_OPEN',
  'ERR_CLIENT_CLOSED',
  'ERR_CONCURRENCY_LIMIT',
  'ERR_CREDENTIALS',
  'ERR_POOL_QUEUE_FULL',
  'ERR_POOL_TIMEOUT',
  'ERR_RATE_LIMIT',
]);

/** What Node and axios say of a call that could not be made as it was written. */
const MISTAKES = new Set([
  AxiosError.ERR_BAD_OPTION,
  AxiosError.ERR_BAD_OPTION_VALUE,
  AxiosError.ERR_BAD_REQUEST, // without a response: an unsupported scheme, a request body that is too large
  AxiosError.ERR_DEPRECATED,
  AxiosError.ERR_INVALID_URL,
  AxiosError.ERR_NOT_SUPPORT,
  'ERR_BODY_CONSUMED',
  'ERR_FORM_DATA_DEPTH_EXCEEDED',
  'ERR_HTTP_CONTENT_LENGTH_MISMATCH',
  'ERR_HTTP_INVALID_HEADER_VALUE',
  'ERR_HTTP_TRAILER_INVALID',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_INVALID_OPTIONS',
  'ERR_INVALID_PROTOCOL',
  'ERR_UNESCAPED_CHARACTERS',
]);

const BAD_GATEWAY: ErrorStatus = {
  status: 502,
  title: 'Bad Gateway',
  detail: 'An upstream service did not give a valid answer.',
};
const GATEWAY_TIMEOUT: ErrorStatus = {
  status: 504,
  title: 'Gateway Timeout',
  detail: 'An upstream service did not answer in time.',
};
const UNAVAILABLE: ErrorStatus = {
  status: 503,
  title: 'Service Unavailable',
  detail: 'An upstream service cannot be called at the moment.',
};
/** Most such addresses come with the inbound request: the app's own are known to its guard. Not 403, which would speak of who asks. */
const BAD_ADDRESS: ErrorStatus = {
  status: 400,
  title: 'Bad Request',
  detail: 'The request leads to an address that may not be called.',
};
const INTERNAL: ErrorStatus = {
  status: 500,
  title: 'Internal Server Error',
  detail: 'The request could not be handled.',
};
/** nginx's, for its log: nobody is there to be answered. */
const CLIENT_GONE: ErrorStatus = {
  status: 499,
  title: 'Client Closed Request',
  detail: 'The client has closed the request.',
};

/**
 * What an error of an outbound call means for the inbound request, for which nobody has handled it.
 * @param clientIsGone whether nobody waits for an answer: a call may have been shared with a request whose client has gone,
 * while this one's has not
 */
export function errorStatus(error: AxiosErrorLike, clientIsGone = false): ErrorStatus {
  const { code } = error;
  if (error instanceof InboundAbortedError) {
    return clientIsGone ? CLIENT_GONE : { ...UNAVAILABLE, ...retryAfter(error) };
  }
  if (error instanceof AddressBlockedError) return error.isMisuse ? INTERNAL : BAD_ADDRESS;
  if (REFUSED.has(code!)) return { ...UNAVAILABLE, ...retryAfter(error) };
  if (error.response) return BAD_GATEWAY;
  if (isSourceError(error)) return INTERNAL;
  if (isTimeoutError(error) || signalTimedOut(error)) return GATEWAY_TIMEOUT;
  return isUpstreams(error) ? BAD_GATEWAY : INTERNAL;
}

/** What axios errors and the library's own have in common. */
export interface AxiosErrorLike extends Error {
  readonly code?: string | undefined;
  readonly config?: AxiosError['config'];
  readonly request?: unknown;
  readonly response?: unknown;
}

function retryAfter(error: AxiosErrorLike): Pick<ErrorStatus, 'retryAfterSeconds'> {
  const ms = error instanceof RetryLaterError ? error.retryAfterMs : 0;
  return Number.isFinite(ms) ? { retryAfterSeconds: Math.max(1, Math.ceil(ms / 1_000)) } : {};
}

/** With `signal: AbortSignal.timeout(ms)` axios says only that the call was canceled. */
function signalTimedOut({ code, config }: AxiosErrorLike): boolean {
  const reason = (config?.signal as AbortSignal | undefined)?.reason as Error | undefined;
  return code === AxiosError.ERR_CANCELED && reason?.name === 'TimeoutError';
}

/** Whether it broke off, could not be reached, or sent what could not be read, rather than that the call was wrong. */
function isUpstreams({ code, request }: AxiosErrorLike): boolean {
  if (code === undefined) return request !== undefined;
  return code !== AxiosError.ERR_CANCELED && !MISTAKES.has(code);
}

/** What a framework's reply has, of express and of fastify. */
interface FrameworkReply {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  send(body: string): unknown;
  /** Node's own, on fastify. */
  readonly raw?: ServerResponse;
}

/** What an exception filter gets to answer with: on fastify Node's own response for what a middleware threw. */
type HttpReply = FrameworkReply | ServerResponse;

/** Whether part of an answer has been sent. */
function hasBegun(reply: HttpReply): boolean {
  return rawOf(reply).headersSent;
}

/** Whether nobody can be answered any more. */
function isClosed(reply: HttpReply): boolean {
  const raw = rawOf(reply) as ServerResponse & { readonly stream?: Http2Stream };
  return raw.stream?.destroyed ?? raw.destroyed; // an HTTP/2 response knows only of its stream
}

function sendReply(reply: HttpReply, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  if ('send' in reply) {
    reply.status(status);
    for (const name in headers) reply.header(name, headers[name]!);
    reply.send(body);
  } else {
    reply.writeHead(status, headers).end(body);
  }
}

/**
 * Closes the connection (HTTP/2: the stream), unless the answer is complete: ended as usual, half an answer would look like a
 * whole one.
 */
function breakOff(reply: HttpReply): void {
  const raw = rawOf(reply);
  if (!raw.writableEnded) raw.destroy();
}

function rawOf(reply: HttpReply): ServerResponse {
  return 'send' in reply ? (reply.raw ?? (reply as unknown as ServerResponse)) : reply;
}

export interface HttpClientExceptionFilterOptions {
  /**
   * Whether the body names the client, the origin, the error's code and the number of attempts. Turn it off where clients of
   * the app must not learn which services stand behind it: the log names them all the same.
   * @default true
   */
  readonly details?: boolean;
}

/** Where the options of a filter that Nest makes are found; optional. */
export const HTTP_CLIENT_EXCEPTION_FILTER_OPTIONS = 'HttpClientExceptionFilterOptions';

/**
 * Answers inbound requests whose handler let the error of an outbound call through: 502 for what an upstream did, 504 where
 * it took too long, 503 with Retry-After where the client's own limits kept it from being called, 500 for a call that was
 * wrong. The body is a problem (RFC 9457) that says nothing of what was sent or answered; so does the line in the log.
 *
 * `app.useGlobalFilters(new HttpClientExceptionFilter())`, or `{ provide: APP_FILTER, useClass: HttpClientExceptionFilter }`.
 * What is no HTTP request is left to Nest.
 */
@Catch(AxiosError, HttpClientError)
@Injectable()
export class HttpClientExceptionFilter implements ExceptionFilter<AxiosError | HttpClientError> {
  // No `#` names: Nest copies the properties of instances that it makes in a circle of forwardRefs.
  private readonly logger = new Logger(HttpClientExceptionFilter.name);
  private readonly showsDetails: boolean;

  constructor(
    @Optional() @Inject(HTTP_CLIENT_EXCEPTION_FILTER_OPTIONS) options: HttpClientExceptionFilterOptions = {},
  ) {
    this.showsDetails = options.details ?? true;
  }

  catch(error: AxiosError | HttpClientError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') return;
    const reply = host.switchToHttp().getResponse<HttpReply>();
    const answer = errorStatus(error, isClosed(reply));
    const facts = factsOf(error);
    this.log(error, answer, facts);
    if (hasBegun(reply) || answer.status === 499) breakOff(reply);
    else sendReply(reply, answer.status, headersOf(error, answer), this.bodyOf(answer, facts));
  }

  private bodyOf({ status, title, detail }: ErrorStatus, { client, origin, code, attempts }: Facts): string {
    const problem = { type: 'about:blank', title, status, detail };
    return JSON.stringify(this.showsDetails ? { ...problem, client, origin, code, attempts } : problem);
  }

  private log(
    error: Error,
    { status }: ErrorStatus,
    { client, method, origin, code, attempts, upstream }: Facts,
  ): void {
    const outcome = upstream === undefined ? code : `${code} (status ${upstream})`;
    const call = `${method ?? 'a call'} ${origin ?? 'of no address'}`;
    const line = `${status}: ${call} ended with ${outcome}; client: ${client ?? 'unknown'}, attempts: ${attempts}`;
    if (status === 499) this.logger.debug(line);
    else if (status === 500) this.logger.error(line, redactText(framesOf(error)));
    else this.logger.warn(line);
  }
}

/** What may be known of a call. */
interface Facts {
  readonly client: string | undefined;
  readonly method: string | undefined;
  readonly origin: string | undefined;
  readonly code: string | undefined;
  readonly attempts: number;
  /** The status that the upstream answered with. */
  readonly upstream: number | undefined;
}

function factsOf(error: AxiosError | HttpClientError): Facts {
  const { code, config } = error;
  const { response, request, attempts } = error as AxiosError & Partial<Pick<HttpClientError, 'attempts'>>;
  return {
    client: clientOf(error),
    method: config?.method?.toUpperCase(),
    origin: error instanceof HttpClientError ? error.origin : config && originOf(config),
    code,
    attempts: Array.isArray(attempts) ? attempts.length : Number(Boolean(request ?? response)),
    upstream: response?.status,
  };
}

function headersOf(error: Error, { retryAfterSeconds }: ErrorStatus): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    // The app is shutting down: whatever comes next had better go elsewhere (RFC 9112 §9.6).
    ...(error instanceof ClientClosedError && { connection: 'close' }),
  };
}

/** Where it was thrown. Without the message, which may hold a URL with its query. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
