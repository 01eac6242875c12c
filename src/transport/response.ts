import { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig, isCancel } from 'axios';
import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from '../call/call.js';
import type { WireRequest, WireResponse } from './engine.js';
import type { Exchange } from './exchange.js';

/** A response as axios's adapter makes it, its data to come. */
export function axiosResponse(
  config: InternalAxiosRequestConfig,
  { request, timings }: Pick<Exchange, 'request' | 'timings'>,
  response: WireResponse,
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

/**
 * What a call has failed with, as axios has it: Node's errors are wrapped, also those of what it refuses to send, and every AxiosError
 * has the call's config and request. A layer that has cancelled the call gets its own error back.
 */
export function asAxiosError(error: unknown, call: Call, request?: WireRequest): unknown {
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
function completed(error: AxiosError, call: Call, request: WireRequest | undefined): AxiosError {
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
