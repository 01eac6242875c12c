import { AxiosError, type AxiosResponse } from 'axios';
import type { ClientRequest } from 'node:http';
import type { Call } from '../layers/layer.js';

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

/** What made the error may have known neither the call nor, yet, its request. A frozen error stays as it is. */
function completed(error: AxiosError, { config, cancellation }: Call, request: ClientRequest | undefined): AxiosError {
  const { reason } = cancellation;
  if (error === reason && error === config.cancelToken?.reason) return error; // one for all the calls that the token ends
  if (error !== reason && error.config !== config) Reflect.set(error, 'config', config);
  if (request && error.request === undefined) Reflect.set(error, 'request', request);
  return error;
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
