import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig, isCancel } from 'axios';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Clock } from '../clock.js';
import { AddressBlockedError } from '../errors/address-blocked.error.js';
import { BodyTooLargeError } from '../errors/body-too-large.error.js';
import { concealError } from '../errors/conceal-error.js';
import type { Call, Handler } from '../layers/layer.js';
import { diedOnStaleSocket, isIdempotent } from '../policies/replay.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { RedactionRules } from '../redaction/redaction-rules.js';
import { decodedBody } from './content-coding.js';
import { delegate } from './delegate.js';
import { admitThroughProxy, blockedError } from './guarded-target.js';
import { guardedDelegate } from './guarded-delegate.js';
import { isDelegated } from './delegation.js';
import { CallExchange } from './call-exchange.js';
import type { ExchangeRequest } from './client-request.js';
import type { Exchange } from './exchange.js';
import type { PhaseLimits } from './phase-timer.js';
import { forwardedRequest, proxyFinder, type ProxyFinder } from './proxies.js';
import { redirectedRequest, type RedirectOptions, tooManyRedirects } from './redirects.js';
import { inSlices, isInMemory, requestBody } from './request-body.js';
import { requestHeaders } from './request-headers.js';
import { type RequestTarget, requestTarget, urlOf } from './request-target.js';
import { axiosResponse, decodeData, settled } from './response.js';
import { waitForSlot } from './socket-slot.js';
import { StreamedBody } from './streamed-body.js';
import { streamedRequestBody } from './streamed-request-body.js';
import { handOverBody, limitedBody, readBody } from './response-body.js';

export interface NativeTransportSettings {
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  /** How long to wait for a socket, in milliseconds; false: no limit. */
  readonly poolWaitMs: number | false;
  readonly phases: PhaseLimits;
  /** Response bodies that are read into memory, where the call sets no maxContentLength itself; false: no limit. */
  readonly maxResponseBytes: number | false;
  readonly redirects: RedirectOptions;
  /** What errors must not show. */
  readonly rules: RedactionRules;
}

/**
 * The end of the stack: what axios's http adapter does, straight on `node:http` and the pool's agents, with every phase
 * timed. What it leaves to axios's adapter is in `isDelegated`.
 */
export function nativeTransport(settings: NativeTransportSettings): Handler {
  const findProxy = proxyFinder(process.env);
  const { guard } = settings.pool;
  const viaAxios = guard ? guardedDelegate(settings, guard, findProxy) : delegate(settings);
  const send: Handler = async (call) => {
    const { config } = call;
    if (isDelegated(config)) return viaAxios(call);
    const target = requestTarget(config);
    if (!target) return viaAxios(call); // it has the error for a scheme other than http and https
    const streamed = isInMemory(config.data) ? undefined : await streamedRequestBody(call);
    const maxRedirects = config.maxRedirects ?? settings.redirects.max;
    let request = streamed
      ? firstRequest(call, target, { ...config, headers: streamed.headers }, streamed.body)
      : firstRequest(call, target, config, requestBody(config));
    for (let redirects = 0; ; redirects++) {
      let next: ExchangeRequest | undefined;
      let opened: Opened;
      try {
        // oxlint-disable-next-line no-await-in-loop -- each hop is known from the one before
        opened = await open(request, call, settings, findProxy);
        const { exchange, response } = opened;
        if (maxRedirects > 0) next = redirectedRequest(request, exchange, response, call, settings.redirects);
        if (next && redirects >= maxRedirects) throw tooManyRedirects(config, exchange.request);
      } catch (error) {
        streamed?.body.destroy();
        throw error;
      }
      if (!next) return deliver(opened.exchange, opened.response, request, call, settings);
      request = next;
    }
  };
  return async (call) => {
    try {
      return await send(call);
    } catch (error) {
      // Here, where they come from: layers may show them to somebody, as `onRetry` does.
      concealError(error, { rules: settings.rules, clientName: call.clientName, config: call.config });
      throw error;
    }
  };
}

function firstRequest(
  call: Call,
  target: RequestTarget,
  config: InternalAxiosRequestConfig,
  body: ExchangeRequest['body'],
): ExchangeRequest {
  const { method } = call;
  const headers = requestHeaders(config, Buffer.isBuffer(body) ? body.length : undefined);
  const auth = config.auth ? `${config.auth.username || ''}:${config.auth.password || ''}` : target.credentials;
  if (auth) for (const name of Object.keys(headers)) if (name.toLowerCase() === 'authorization') delete headers[name];
  return {
    target,
    method,
    headers,
    auth,
    family: config.family,
    body: Buffer.isBuffer(body) ? inSlices(body, call) : body,
  };
}

interface Opened {
  readonly exchange: Exchange;
  readonly response: IncomingMessage;
}

/**
 * Sends a request until it has response headers: twice where the first time its pooled socket turned out to be dead and
 * the request may be repeated and the origin's budget allows it, the second time on a fresh socket.
 */
async function open(
  request: ExchangeRequest,
  call: Call,
  settings: NativeTransportSettings,
  findProxy: ProxyFinder,
): Promise<Opened> {
  const { pool } = settings;
  const { guard } = pool;
  const { config } = call;
  const { target } = request;
  const { secure } = target;
  const rule = guard?.judgeOrigin(target.origin);
  if (rule !== undefined) throw new AddressBlockedError(call, rule, true);
  const proxy = findProxy(config, target);
  if (guard && proxy && !secure) await admitThroughProxy(guard, target, call, settings);
  const sent = proxy && !secure ? forwardedRequest(request, proxy) : request;
  const agent = agentFor(sent.target.secure, proxy, secure, pool);
  const { origin } = sent.target;
  if (!pool.slots.take(origin)) await waitForSlot(origin, call, settings);
  const exchange = new CallExchange(sent, agent, call, settings);
  try {
    return { exchange, response: await exchange.start(sent) };
  } catch (error) {
    const isReplayable =
      diedOnStaleSocket(error, exchange.reusedSocket) &&
      isIdempotent(sent.method, sent.headers) &&
      !(sent.body instanceof StreamedBody && !sent.body.isRepeatable);
    // Asked last: it takes from the budget.
    if (!isReplayable || call.mayRepeat?.() === false) {
      throw blockedError(error, call) ?? asAxiosError(error, config, exchange.request);
    }
  }
  if (!pool.slots.take(origin)) await waitForSlot(origin, call, settings);
  const replay = new CallExchange(sent, agent, call, settings);
  try {
    return { exchange: replay, response: await pool.onFreshSocket(agent, () => replay.start(sent)) };
  } catch (error) {
    throw blockedError(error, call) ?? asAxiosError(error, config, replay.request);
  }
}

/** A proxy forwards http, and opens tunnels for https. */
function agentFor(secure: boolean, proxy: URL | undefined, toSecure: boolean, pool: ConnectionPool): Agent {
  if (proxy) return toSecure ? pool.tunnelAgent(proxy) : pool.proxyAgent(secure);
  return secure ? pool.httpsAgent : pool.httpAgent;
}

async function deliver(
  exchange: Exchange,
  response: IncomingMessage,
  request: ExchangeRequest,
  call: Call,
  { maxResponseBytes }: NativeTransportSettings,
): Promise<AxiosResponse> {
  const { config } = call;
  const decoded = config.decompress === false ? response : decodedBody(response, request.method);
  (response as { responseUrl?: string }).responseUrl = urlOf(request.target); // what callers of axios find there
  const answer = axiosResponse(config, exchange.request, response);
  if (config.responseType === 'stream') {
    const limit = bodyLimit(call, exchange, false); // of the call's own
    const body = limit ? limitedBody(decoded, limit) : decoded;
    handOverBody(exchange, body);
    answer.data = body;
    return settled(answer);
  }
  try {
    answer.data = decodeData(await readBody(exchange, decoded, bodyLimit(call, exchange, maxResponseBytes)), config);
  } catch (error) {
    throw bodyError(error, answer, decoded === response);
  }
  return settled(answer);
}

function bodyLimit(call: Call, { request }: Exchange, maxResponseBytes: number | false) {
  const { config } = call;
  const { maxContentLength = -1 } = config;
  if (maxContentLength > -1) {
    const message = `maxContentLength size of ${maxContentLength} exceeded`;
    const error = () => new AxiosError(message, AxiosError.ERR_BAD_RESPONSE, config, request);
    return { maxBytes: maxContentLength, error };
  }
  if (maxResponseBytes === false) return undefined;
  return { maxBytes: maxResponseBytes, error: () => new BodyTooLargeError(call, maxResponseBytes) };
}

/** Node's errors as axios wraps them; axios's own and ours as they are. */
function asAxiosError(error: unknown, config: InternalAxiosRequestConfig, request?: ClientRequest): unknown {
  if (isCancel(error) && Object.isExtensible(error)) error.request ??= request; // as axios has it; nobody knew of it when the caller gave up
  const wrapped = !(error instanceof Error) || 'isAxiosError' in error || !('code' in error) || !request;
  return wrapped ? error : AxiosError.from(error, undefined, config, request);
}

function bodyError(error: unknown, response: AxiosResponse, undecoded: boolean): unknown {
  if (!(error instanceof Error) || 'isAxiosError' in error) return error;
  const { config, request } = response;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (undecoded && code === 'ECONNRESET') {
    return new AxiosError('stream has been aborted', AxiosError.ERR_BAD_RESPONSE, config, request, response);
  }
  const unparsable = code.startsWith('HPE_');
  return AxiosError.from(error, undefined, config, request, unparsable ? undefined : response);
}
