import axios, { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import type { ParsedJson } from '../base/parsed-json.js';
import { hide } from '../errors/http-client.error.js';

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
  const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  const error = new AxiosError(`Request failed with status code ${status}`, code);
  // Not enumerable from the beginning: to make them so later takes V8 3 us more.
  hide(error, 'config', config);
  if (request) hide(error, 'request', request);
  hide(error, 'response', response);
  error.status = status;
  throw error;
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

/** axios's own transform of responses, whatever is assigned to `axios.defaults` later. */
export const [axiosTransform] = [axios.defaults.transformResponse].flat();
const { transitional: usual } = axios.defaults;

/** Whether axios's transform of responses would parse a text as JSON, without anybody else who has a say in it. */
export function isParsedAsJson(config: InternalAxiosRequestConfig): boolean {
  const { responseType, transitional, parseReviver } = config;
  if (parseReviver) return false;
  return responseType === 'json' || (!responseType && Boolean((transitional || usual)?.forcedJSONParsing));
}

/** Response → its text, where that is known to be read often. */
const texts = new WeakMap<AxiosResponse, ParsedJson>();

/** Notes that others are given the same text. */
export function noteJson(response: AxiosResponse, json: ParsedJson): void {
  texts.set(response, json);
}

/**
 * What axios's transform would parse the data of a response to, where that is at hand.
 * @returns undefined: it is not, or somebody has changed the data
 */
export function jsonAtHand(
  response: AxiosResponse,
  data: unknown,
  config: InternalAxiosRequestConfig,
): object | undefined {
  if (typeof data !== 'string' || !response.cache) return undefined;
  const json = texts.get(response);
  return json?.text === data && isParsedAsJson(config) ? json.copy() : undefined;
}
