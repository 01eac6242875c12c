import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { Readable } from 'node:stream';
import { types } from 'node:util';
import type { Call } from '../layers/layer.js';
import { StreamedBody } from './streamed-body.js';

/** Bytes that are sent in one go. */
const SLICE_BYTES = 256 * 1024;

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

/**
 * A large body in parts, as Node takes all of what it is given for sent: whether the upstream still takes it could not be told, and
 * one that refuses it in the middle would get the rest.
 */
export function inSlices(body: Buffer, call: Call): Buffer | StreamedBody {
  if (body.length <= SLICE_BYTES) return body;
  return new StreamedBody(call, () => Readable.from(slicesOf(body)));
}

function* slicesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += SLICE_BYTES) yield body.subarray(at, at + SLICE_BYTES);
}
