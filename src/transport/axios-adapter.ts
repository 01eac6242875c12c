import axios, { AxiosError, type AxiosProgressEvent, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { type ClientRequest, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { isReadable, onBodyEnd } from '../base/body-end.js';
import { CollectedBytes } from '../base/bytes.js';
import type { Clock } from '../base/clock.js';
import { withoutPrototype } from '../base/prototype-pollution.js';
import { isSource } from '../base/source.js';
import { noTimings, rounded, type Timings } from '../base/timings.js';
import { loopTurn } from '../base/turns.js';
import { replaceConfig } from '../call/annotate.js';
import { type BodyLimit, bodyLimit } from '../call/body-limit.js';
import type { Call, Handler } from '../call/call.js';
import { discard, responseOf } from '../call/outcome.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { openingOf, openingTimes } from '../pool/socket-opening.js';
import { secretHeaders } from '../redaction/headers.js';
import { delegatedRedirects, watchedHook } from './adapter-redirects.js';
import { callSettings, type TimedSettings } from './call-settings.js';
import { checkEnvironment } from './proxies.js';
import type { RedirectSettings } from './redirects.js';
import { isInMemory, requestBody } from './request-body.js';
import { requestHeaders } from './request.js';
import { readAhead, yieldUnread } from './response-body.js';
import { refusalOf } from './response-headers.js';
import { asBodyError } from './response.js';
import { decodeData, settled } from '../call/response-data.js';
import { type SlotSettings, waitForSlot } from './socket-slot.js';

/**
 * The timings of a call that axios's adapter has carried out, as far as they can be told: it says nothing of when what came.
 * @param startedAt when it was given the call
 */
function delegatedTimings(
  { request, data }: AxiosResponse,
  { journal }: Call,
  clock: Clock,
  startedAt: number,
): Timings {
  const { socket, reusedSocket } = (request ?? {}) as Partial<ClientRequest>;
  const opening = socket && openingOf(socket);
  const timings = {
    ...noTimings(),
    queueMs: rounded(journal.queuedMs),
    ...(opening && openingTimes(opening, startedAt, clock.now())),
    reusedSocket,
  };
  onBodyEnd(data, () => (timings.totalMs = rounded(clock.now() - journal.startedAt)));
  return timings;
}

/**
 * Reads a stream to its end, in memory that is a small multiple of its bytes.
 * @throws what it fails with, or the limit's error
 */
export function collectedBody(body: Readable, limit?: BodyLimit): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const bytes = new CollectedBytes();
    body.on('data', (part: Buffer) => {
      if (limit && bytes.length + part.length > limit.maxBytes) {
        bytes.clear();
        reject(limit.error());
        body.destroy();
      } else bytes.add(part);
    });
    onBodyEnd(body, (failure) => {
      if (failure) reject(failure);
      else resolve(bytes.take());
    });
  });
}

export interface DelegateSettings extends SlotSettings, RedirectSettings, TimedSettings {
  readonly pool: Pick<ConnectionPool, 'httpAgent' | 'httpsAgent' | 'slots' | 'silent' | 'maxQueued' | 'closing'>;
  readonly maxResponseBytes: number | false;
}

/**
 * Sends calls with axios's own http adapter, on the pool's sockets and within its limits. A call whose config brings its
 * own agents is sent on those.
 * @param route settings that no call may change
 */
export function delegate(settings: DelegateSettings, route: Partial<InternalAxiosRequestConfig> = {}): Handler {
  const { pool, clock, maxResponseBytes, redirects, rules } = settings;
  const { httpAgent, httpsAgent, slots } = pool;
  const send = axios.getAdapter('http');
  return async (call) => {
    const { config, cancellation, origin } = call;
    if (typeof config.data?.pipe === 'function' && !isSource(config.data)) requestBody(config); // axios would begin to send it
    const length = isInMemory(config.data) ? requestBody(config)?.length : 'unknown';
    requestHeaders(config.headers, length, config); // for what they refuse
    const { maxRedirects = redirects.max, maxContentLength = -1, responseType } = config;
    const isDataUrl = config.url?.startsWith('data:') === true;
    const readsBody = responseType !== 'stream' && !isDataUrl;
    const capped = isDataUrl && maxContentLength === -1 && maxResponseBytes !== false && responseType !== 'stream';
    const sent = withoutPrototype({
      httpAgent,
      httpsAgent,
      ...config,
      ...route,
      ...watchedProgress(call),
      cancelToken: cancellation,
      signal: undefined, // the cancellation follows it
      timeout: 0, // what ends the attempt is above, and knows what this call and this origin may take
      beforeRedirect: delegatedRedirects(settings, call, route.beforeRedirect ?? watchedHook(call)),
      sensitiveHeaders: [...secretHeaders(config.headers, config, rules)],
      maxRedirects,
      maxContentLength: capped ? maxResponseBytes : maxContentLength,
      ...(readsBody && READ_HERE),
    });
    if (sent.proxy === undefined) checkEnvironment();
    let holdsSlot = usesPool(config);
    if (holdsSlot && !slots.take(origin)) await waitForSlot(origin, call, callSettings(settings, call));
    const release = () => {
      if (holdsSlot) slots.release(origin);
      holdsSlot = false;
    };
    if (holdsSlot) await loopTurn(); // nothing is sent again on this path
    const startedAt = clock.now();
    try {
      cancellation.throwIfRequested(); // axios would send it all the same: it rejects, and goes on
      const response = await send(sent);
      assertUsable(response, call);
      response.config = config;
      if (isReadable(response.data) && hasAllCome(response)) response.data = readAhead(response.data);
      response.timings = delegatedTimings(response, call, clock, startedAt);
      onBodyEnd(response.data, release);
      return readsBody ? await withBody(response, call, maxResponseBytes) : response;
    } catch (error) {
      const response = responseOf(error);
      if (response) yieldUnread(response, origin, slots, () => {}); // its end does
      onBodyEnd(response?.data, release);
      if (response) response.timings = delegatedTimings(response, call, clock, startedAt);
      if (response) assertUsable(response, call);
      replaceConfig(error, [sent], config); // callers get the config they sent, not the agents, which hold TLS keys
      throw error;
    }
  };
}

/** axios keeps every part of a body that it reads, and each takes some 200 bytes besides its own. */
const READ_HERE = { responseType: 'stream', maxContentLength: -1, validateStatus: null } as const;

/** What axios's adapter makes of a response that it has read, but for what that takes. */
async function withBody(response: AxiosResponse, call: Call, maxBytes: number | false): Promise<AxiosResponse> {
  const body = response.data as Readable;
  response.data = undefined;
  try {
    const bytes = await collectedBody(body, bodyLimit(call, response.request, maxBytes));
    response.data = decodeData(bytes, call.config);
  } catch (error) {
    throw asBodyError(error, response, !(body instanceof IncomingMessage));
  }
  return settled(response);
}

/** axios calls these where nobody catches what they throw. Here it ends their call. */
function watchedProgress({ config, cancellation }: Call): Partial<InternalAxiosRequestConfig> {
  const watched: Partial<Record<(typeof PROGRESS)[number], (event: AxiosProgressEvent) => void>> = {};
  for (const name of PROGRESS) {
    const listener = config[name];
    if (typeof listener !== 'function') continue;
    watched[name] = (event) => {
      const told = async () => listener(event);
      told().catch((error: unknown) => cancellation.cancel(asError(error, config)));
    };
  }
  return watched;
}

function asError(error: unknown, config: InternalAxiosRequestConfig): Error {
  return AxiosError.from(error instanceof Error ? error : new Error(String(error)), undefined, config);
}

const PROGRESS = ['onUploadProgress', 'onDownloadProgress'] as const;

/** @throws what the native transport refuses such a response with */
function assertUsable(response: AxiosResponse, call: Call): void {
  const { res } = (response.request ?? {}) as { res?: IncomingMessage };
  const refusal = res && refusalOf(res, call);
  if (!refusal) return;
  discard(response);
  throw refusal;
}

/** So that there is nothing for anybody to read, or nothing more to wait for. */
function hasAllCome({ request }: AxiosResponse): boolean {
  return (request as { res?: IncomingMessage } | undefined)?.res?.complete === true;
}

/** Whether it needs a socket of the pool's, rather than of the call's own agents or none. */
export function usesPool({ url, httpAgent, httpsAgent, transport }: InternalAxiosRequestConfig): boolean {
  return !httpAgent && !httpsAgent && !transport && !url?.startsWith('data:');
}

/** Whether axios connects without an agent. */
export function isHttp2({ httpVersion }: { readonly httpVersion?: unknown }): boolean {
  return httpVersion !== undefined && httpVersion !== 1 && httpVersion !== '1';
}
