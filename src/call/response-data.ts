import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';

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

/** Response → the bytes that its data was made of, where the call's journal asks to keep them. */
const bodies = new WeakMap<AxiosResponse, Buffer>();

/** Notes the bytes of a body, for a layer that has set `keepsBody` in the journal. */
export function keepBody(response: AxiosResponse, bytes: Buffer): void {
  bodies.set(response, bytes);
}

/** The bytes that were kept. They may belong to the caller, and be part of a larger buffer: copy them. */
export function keptBody(response: AxiosResponse): Buffer | undefined {
  return bodies.get(response);
}
