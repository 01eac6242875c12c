import { AxiosError, type InternalAxiosRequestConfig } from 'axios';

// Where the headers of a request say something else of its body than what is sent, the upstream takes the rest of one request for the
// next on that socket (RFC 9112 §11.2), or waits for bytes that never come.

/**
 * @param given a Content-Length
 * @param actual bytes of the body; `unknown` where they are counted while they are sent
 * @throws AxiosError where it is another
 */
export function checkLength(
  given: string | string[],
  actual: number | 'unknown',
  config: InternalAxiosRequestConfig,
): void {
  const text = String(given);
  if (actual === 'unknown') {
    if (!/^\d+$/.test(text)) throw badFraming('Content-Length is no number of bytes; leave it out', config);
  } else if (text !== String(actual)) {
    throw badFraming(`Content-Length does not match the body, which has ${actual} bytes; leave it out`, config);
  }
}

/**
 * Chunks are the one coding that Node applies; with a length besides, upstreams would disagree about which counts.
 * @param given a Transfer-Encoding
 * @throws AxiosError where it is another, or there is a Content-Length among `all` headers
 */
export function checkCoding(given: string | string[], all: object, config: InternalAxiosRequestConfig): void {
  const hasLength = Object.entries(all).some(([name, value]) => name.toLowerCase() === 'content-length' && value);
  if (String(given).toLowerCase() === 'chunked' && !hasLength) return;
  throw badFraming('Transfer-Encoding can only be "chunked", without a Content-Length; leave it out', config);
}

function badFraming(message: string, config: InternalAxiosRequestConfig): AxiosError {
  return new AxiosError(message, AxiosError.ERR_BAD_REQUEST, config);
}
