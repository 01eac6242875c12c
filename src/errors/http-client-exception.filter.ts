import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { AxiosError } from 'axios';
import { originOf } from '../layers/create-call.js';
import { clientOf } from './client-of.js';
import { ClientClosedError } from './client-closed.error.js';
import { type ErrorStatus, errorStatus } from './error-status.js';
import { breakOff, hasBegun, type HttpReply, isClosed, sendReply } from './http-reply.js';
import { HttpClientError } from './http-client.error.js';
import { redactText } from '../redaction/redact-text.js';

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
