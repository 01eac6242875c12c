import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { types } from 'node:util';

/** Whether data is in memory as it is to be sent, or is none that can be sent. */
export function isInMemory(data: unknown): boolean {
  return typeof data !== 'object' || data === null || Buffer.isBuffer(data) || types.isArrayBuffer(data);
}

/**
 * The bytes of a request body, as axios's adapter makes them of what the transforms leave.
 * @returns undefined where there is none
 * @throws AxiosError for any other kind of data, or more than `maxBodyLength`
 */
export function requestBody(config: InternalAxiosRequestConfig): Buffer | undefined {
  const { data, maxBodyLength = -1 } = config;
  if (!data) return undefined;
  const body = toBuffer(data);
  if (!body) {
    const message = 'Data after transformation must be a string, an ArrayBuffer, a Buffer, or a Stream';
    throw new AxiosError(message, AxiosError.ERR_BAD_REQUEST, config);
  }
  if (maxBodyLength > -1 && body.length > maxBodyLength) {
    throw new AxiosError('Request body larger than maxBodyLength limit', AxiosError.ERR_BAD_REQUEST, config);
  }
  return body;
}

function toBuffer(data: unknown): Buffer | undefined {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  if (Buffer.isBuffer(data)) return data;
  if (types.isArrayBuffer(data)) return Buffer.from(data);
  return undefined;
}
