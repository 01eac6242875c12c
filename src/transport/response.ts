import { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Exchange } from './exchange.js';

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
