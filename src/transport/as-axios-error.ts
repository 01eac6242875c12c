import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig, isCancel } from 'axios';
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
