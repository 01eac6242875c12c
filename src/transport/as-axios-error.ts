import { AxiosError, type AxiosResponse, isCancel } from 'axios';
import type { ClientRequest } from 'node:http';
import type { Call } from '../layers/layer.js';

/** Node's errors as axios wraps them, also of what it refuses to send; axios's own and ours as they are. */
export function asAxiosError(error: unknown, { config }: Call, request?: ClientRequest): unknown {
  if (request && isCancel(error) && Object.isExtensible(error)) error.request ??= request; // as axios has it; nobody knew of it when the caller gave up
  if (!(error instanceof Error) || 'isAxiosError' in error) return error;
  const { code } = error as NodeJS.ErrnoException;
  const isNodes = code !== undefined && (request !== undefined || code.startsWith('ERR_'));
  return isNodes ? AxiosError.from(error, undefined, config, request) : error;
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
