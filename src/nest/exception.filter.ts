import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { AxiosError } from 'axios';
import type { ServerResponse } from 'node:http';
import type { Http2Stream } from 'node:http2';
import { clientOf } from '../call/annotate.js';
import { originOf } from '../call/call.js';
import { HttpClientError } from '../errors/http-client.error.js';
import { ClientClosedError } from '../errors/refusal.errors.js';
import { redactText } from '../redaction/text.js';
import { type ErrorStatus, errorStatus } from './error-status.js';

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

/** Options of `HttpClientExceptionFilter`. */
export interface HttpClientExceptionFilterOptions {
  /**
   * Whether the body names the client, the origin, the code of the error and the number of attempts. Turn it off if clients of the app must
   * not learn which services are behind it. The log names them either way.
   * @default true
   */
  readonly details?: boolean;
}

/** Provide `HttpClientExceptionFilterOptions` under this token for a filter that Nest creates. Optional. */
export const HTTP_CLIENT_EXCEPTION_FILTER_OPTIONS = 'HttpClientExceptionFilterOptions';

/**
 * Answers inbound requests whose handler did not catch the error of an outbound call: 502 if the upstream failed, 504 if it took too long, 503 with
 * Retry-After if a limit of the client refused the call, 500 if the call was wrong. The body is a problem (RFC 9457). Neither the body nor the line
 * in the log says what was sent or answered.
 *
 * `app.useGlobalFilters(new HttpClientExceptionFilter())`, or `{ provide: APP_FILTER, useClass: HttpClientExceptionFilter }`.
 * Other kinds of requests are left to Nest.
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

/** What the body and the log can say of a call. */
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
