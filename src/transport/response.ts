import { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig, isCancel } from 'axios';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Call } from '../call/call.js';
import { responseOf } from '../call/outcome.js';
import { urlOf } from '../call/target.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import type { Opened } from './attempt.js';
import type { Exchange } from './exchange.js';
import type { ExchangeRequest } from './request.js';
import {
  bodyLimit,
  decodedBody,
  handOverBody,
  limitedBody,
  readAhead,
  readBody,
  yieldUnread,
} from './response-body.js';
import { explainedOverflow } from './response-headers.js';

/** A response as axios's adapter makes it, its data to come. */
export function axiosResponse(
  config: InternalAxiosRequestConfig,
  { request, timings }: Pick<Exchange, 'request' | 'timings'>,
  response: IncomingMessage,
): AxiosResponse {
  return {
    status: response.statusCode!,
    statusText: response.statusMessage!,
    headers: axiosHeaders(response.headers),
    config,
    request,
    data: undefined,
    timings,
  };
}

/**
 * Node's headers as axios's. Their names are unique and in lower case, and their values checked, so they are copied as
 * they are: AxiosHeaders would compare each name with all before it.
 */
function axiosHeaders(headers: IncomingHttpHeaders): AxiosHeaders {
  const copied = new AxiosHeaders();
  for (const name of Object.keys(headers)) {
    if (name === '__proto__') copied.set(name, headers[name] as string);
    else copied[name] = headers[name] as string;
  }
  return copied;
}

/** What axios makes of the bytes of a body before its transforms. */
export function decodeData(bytes: Buffer, { responseType, responseEncoding }: InternalAxiosRequestConfig): unknown {
  if (responseType === 'arraybuffer') return bytes;
  const text = bytes.toString(responseEncoding as BufferEncoding | undefined);
  const mayHaveBom = !responseEncoding || responseEncoding === 'utf8';
  return mayHaveBom && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * The response, if its status is one the caller accepts.
 * @throws AxiosError, with the response, if it is not
 */
export function settled(response: AxiosResponse): AxiosResponse {
  const { config, status, request } = response;
  const { validateStatus } = config;
  if (!status || !validateStatus || validateStatus(status)) return response;
  throw new AxiosError(
    `Request failed with status code ${status}`,
    status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE,
    config,
    request,
    response,
  );
}

export interface DeliverSettings {
  readonly pool: ConnectionPool;
  /** Response bodies that are read into memory, where the call sets no maxContentLength itself; false: no limit. */
  readonly maxResponseBytes: number | false;
  /** The trailers of a response. */
  readonly maxHeaderBytes: number;
}

/**
 * The response as the call has asked for it: its body read and decoded, or a stream.
 * @throws AxiosError, with the response, where its status is refused or its body breaks off; BodyTooLargeError, HeadersTooLargeError, or
 * what the exchange fails with
 */
export async function deliver(
  opened: Opened,
  request: ExchangeRequest,
  call: Call,
  settings: DeliverSettings,
): Promise<AxiosResponse> {
  const { exchange, response } = opened;
  const { config } = call;
  let answer: AxiosResponse | undefined;
  try {
    const decoded = config.decompress === false ? response : decodedBody(response, request.method);
    (response as { responseUrl?: string }).responseUrl = urlOf(request.target); // what callers of axios find there
    answer = axiosResponse(config, exchange, response);
    if (config.responseType === 'stream') answer.data = streamedData(opened, decoded, call);
    else answer.data = await readData(opened, decoded, answer, call, settings);
    return settled(answer);
  } catch (error) {
    // Not one that validateStatus has thrown with an error of its own.
    const refused = answer && responseOf(error) === answer ? answer : undefined;
    if (refused) yieldUnread(refused, opened.origin, settings.pool.slots, () => exchange.abandon());
    else exchange.abandon();
    throw error;
  }
}

function streamedData({ exchange, response }: Opened, decoded: Readable, call: Call): Readable {
  const isEmpty = response.complete && response.readableLength === 0; // as the answer to HEAD: nobody would read it
  const body = limitedBody(decoded, bodyLimit(call, exchange.request, false)); // of the call's own
  handOverBody(exchange, response, body);
  return isEmpty ? readAhead(body) : body;
}

async function readData(
  { exchange, response }: Opened,
  decoded: Readable,
  answer: AxiosResponse,
  call: Call,
  { maxResponseBytes, maxHeaderBytes }: DeliverSettings,
): Promise<unknown> {
  try {
    const limit = bodyLimit(call, exchange.request, maxResponseBytes);
    return decodeData(await readBody(exchange, decoded, limit), call.config);
  } catch (error) {
    throw asBodyError(explainedOverflow(error, call, maxHeaderBytes), answer, decoded !== response);
  }
}

/**
 * What a call has failed with, as axios has it: Node's errors are wrapped, also those of what it refuses to send, and every AxiosError
 * has the call's config and request. A layer that has cancelled the call gets its own error back.
 */
export function asAxiosError(error: unknown, call: Call, request?: ClientRequest): unknown {
  if (!(error instanceof Error)) return error;
  if ('isAxiosError' in error) return completed(error as AxiosError, call, request);
  if (error === call.cancellation.reason) return error;
  const { code } = error as NodeJS.ErrnoException;
  const isNodes = request !== undefined || code?.startsWith('ERR_');
  return isNodes ? AxiosError.from(error, undefined, call.config, request) : error;
}

/**
 * One that says nothing of the call, or something else, may be another's, too: it is wrapped, as axios does. Those that end the call from
 * outside, and those that are the call's own, get its request, of which they may have known nothing. A frozen one stays as it is.
 */
function completed(error: AxiosError, call: Call, request: ClientRequest | undefined): AxiosError {
  const isReason = error === call.cancellation.reason || isCancel(error);
  if (isReason && !error.config) return error; // a cancel token has one for all the calls that it ends
  if (!isReason && !isConfigOf(call, error.config)) {
    return AxiosError.from(error, undefined, call.config, request, error.response);
  }
  if (request && error.request === undefined) Reflect.set(error, 'request', request);
  return error;
}

function isConfigOf({ config, journal }: Call, other: InternalAxiosRequestConfig | undefined): boolean {
  if (other === undefined) return false;
  return other === config || other === journal.config || journal.derivedConfigs?.includes(other) === true;
}

/**
 * The same for what the body of a response fails with.
 * @param isEncoded whether it was being decoded
 */
export function asBodyError(error: unknown, response: AxiosResponse, isEncoded: boolean): unknown {
  if (!(error instanceof Error) || 'isAxiosError' in error) return error;
  const { config, request } = response;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (!isEncoded && code === 'ECONNRESET') {
    return new AxiosError('stream has been aborted', AxiosError.ERR_BAD_RESPONSE, config, request, response);
  }
  const unparsable = code.startsWith('HPE_');
  return AxiosError.from(error, undefined, config, request, unparsable ? undefined : response);
}
