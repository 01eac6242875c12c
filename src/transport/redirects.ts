import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { BodyConsumedError } from '../errors/body-consumed.error.js';
import type { Call } from '../layers/layer.js';
import { encodedLocation, isRedirect, redirectedHeaders, redirectOf } from '../policies/redirect.js';
import type { RedactionRules } from '../redaction/redaction-rules.js';
import { secretHeaders } from '../redaction/secret-headers.js';
import type { ExchangeRequest } from './client-request.js';
import type { Exchange } from './exchange.js';
import type { Opened } from './open-exchange.js';
import { targetOf, urlOf } from './request-target.js';
import { ownHeader } from './response-headers.js';
import { StreamedBody } from './streamed-body.js';

export interface RedirectOptions {
  /** Redirects followed for one call, where it sets no maxRedirects itself. */
  readonly max: number;
  /** Whether https may redirect to http. */
  readonly allowDowngrade: boolean;
}

export interface RedirectSettings {
  readonly redirects: RedirectOptions;
  /** What must not reach another origin. */
  readonly rules: RedactionRules;
}

/** Why a redirect is refused. */
export const DOWNGRADE = 'from https to http; see redirects.allowDowngrade';

const NONE: ReadonlySet<string> = new Set();

/** A redirect's own body up to this size is read, so that its socket can be used again; a larger one costs more than a socket. */
const MAX_DISCARDED_BYTES = 64 * 1024;

/**
 * The request that a response redirects to; the response is done with.
 * @returns undefined when it is no redirect
 * @throws AxiosError for a Location that is no URL, for several, a scheme other than http and https, or a downgrade that is not allowed
 * @throws BodyConsumedError where the body is to be sent again and cannot be
 */
export function redirectedRequest(
  from: ExchangeRequest,
  { exchange, response }: Opened,
  call: Call,
  { redirects: { allowDowngrade }, rules }: RedirectSettings,
): ExchangeRequest | undefined {
  const { config } = call;
  const location = ownHeader(response.headers, 'location');
  if (!isRedirect(response.statusCode!, location)) return undefined;
  const refuse = (reason: string): never => {
    exchange.abandon();
    const message = `Redirected request failed: ${reason}`;
    throw new AxiosError(message, 'ERR_FR_REDIRECTION_FAILURE', config, exchange.request);
  };
  if (!URL.canParse(encodedLocation(location), urlOf(from.target))) return refuse('its Location is no URL');
  const redirect = redirectOf(response.statusCode!, location, from.method, urlOf(from.target))!;
  if (new Set(response.headersDistinct['location']).size > 1) return refuse('it has several Locations');
  const { url, method, keepsBody } = redirect;
  const target = targetOf(url);
  if (!target) return refuse(`Unsupported protocol ${url.protocol}`);
  if (from.target.secure && !target.secure && !allowDowngrade) {
    return refuse(DOWNGRADE);
  }
  if (keepsBody && from.body instanceof StreamedBody && !from.body.canBeSentAgain) {
    exchange.abandon();
    throw BodyConsumedError.byRedirect(call, response.statusCode!);
  }
  discard(exchange, response, keepsBody);
  const sameOrigin = target.origin === from.target.origin;
  return {
    target: from.target.socketPath && sameOrigin ? { ...target, socketPath: from.target.socketPath } : target,
    method,
    headers: redirectedHeaders(from.headers, keepsBody, sameOrigin ? NONE : secretHeaders(from.headers, config, rules)),
    auth: target.credentials || (sameOrigin ? from.auth : ''),
    family: from.family,
    body: keepsBody ? from.body : undefined,
  };
}

export function tooManyRedirects(config: InternalAxiosRequestConfig, request: ClientRequest): AxiosError {
  const code = AxiosError.ERR_FR_TOO_MANY_REDIRECTS;
  const error = new AxiosError('Maximum number of redirects exceeded', code, config, request);
  error.name = `Error [${code}]`; // as axios takes it over from follow-redirects
  return error;
}

function discard(exchange: Exchange, response: IncomingMessage, keepsBody: boolean): void {
  // The answer to HEAD has the length of a body that does not follow.
  const announced = response.complete ? 0 : Number(ownHeader(response.headers, 'content-length') ?? 0);
  response.on('error', () => {}); // of no interest any more
  if (!exchange.handOver(keepsBody) || announced > MAX_DISCARDED_BYTES) {
    exchange.abandon();
    return;
  }
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DISCARDED_BYTES) exchange.abandon();
  });
  response.on('end', () => exchange.end());
}
