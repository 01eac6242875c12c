import type { AxiosResponse } from 'axios';
import type { Readable } from 'node:stream';
import type { Call } from '../layers/layer.js';
import { responseOf } from '../layers/response-of.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { asBodyError } from './as-axios-error.js';
import { bodyLimit } from './body-limit.js';
import type { ExchangeRequest } from './client-request.js';
import { decodedBody } from './content-coding.js';
import type { Opened } from './open-exchange.js';
import { readAhead, yieldUnread } from './read-ahead.js';
import { urlOf } from './request-target.js';
import { axiosResponse, decodeData, settled } from './response.js';
import { handOverBody, limitedBody, readBody } from './response-body.js';
import { explainedOverflow } from './response-headers.js';

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
