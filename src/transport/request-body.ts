import axios, { AxiosError, AxiosHeaders, type InternalAxiosRequestConfig } from 'axios';
import { randomInt } from 'node:crypto';
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { isSource, type Source } from '../base/source.js';
import type { Call } from '../call/call.js';
import { StreamedBody } from './streamed-body.js';

/** A form as multipart/form-data (RFC 7578). */
interface Multipart {
  readonly contentType: string;
  /** Undefined where a file in it does not know its size. */
  readonly contentLength: number | undefined;
  /** Reads it from its beginning, as it was when this was made. */
  open(): Readable;
}

/** What a form holds besides strings: a Blob, a File, or what looks like one. */
export interface FileLike {
  readonly name?: string;
  readonly type?: string;
  readonly size?: number;
  stream?(): AsyncIterable<Uint8Array>;
  arrayBuffer?(): Promise<ArrayBuffer>;
}

const BOUNDARY_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const BOUNDARY_LENGTH = 25;
const CRLF = Buffer.from('\r\n');
const ESCAPED: Readonly<Record<string, string>> = { '\r': '%0D', '\n': '%0A', '"': '%22' };

/** @param boundary 1 to 70 characters (RFC 2046 §5.1.1) that are in none of the parts */
export function multipart(
  entries: Iterable<[string, string | FileLike]>,
  boundary: string = randomBoundary(),
): Multipart {
  const delimiter = Buffer.from(`--${boundary}\r\n`);
  const footer = Buffer.from(`--${boundary}--\r\n`);
  const parts = Array.from(entries, ([name, value]) => partOf(name, value));
  const length = parts.reduce((sum, { size }) => sum + delimiter.length + size + CRLF.length, footer.length);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    contentLength: Number.isFinite(length) ? length : undefined,
    open: () =>
      Readable.from(
        (async function* () {
          for (const { header, value } of parts) {
            yield delimiter;
            yield header;
            if (Buffer.isBuffer(value)) yield value;
            else yield* contentOf(value);
            yield CRLF;
          }
          yield footer;
        })(),
      ),
  };
}

/** The bytes of a Blob, a File or what looks like one. */
async function* contentOf(file: FileLike): AsyncGenerator<Uint8Array> {
  if (file.stream) yield* file.stream();
  else if (file.arrayBuffer) yield new Uint8Array(await file.arrayBuffer());
  else yield* file as unknown as AsyncIterable<Uint8Array>;
}

interface Part {
  readonly header: Buffer;
  readonly value: Buffer | FileLike;
  /** NaN where it is not known. */
  readonly size: number;
}

function partOf(name: string, value: string | FileLike): Part {
  const disposition = `Content-Disposition: form-data; name="${escaped(name)}"`;
  if (typeof value === 'string') {
    const header = Buffer.from(`${disposition}\r\n\r\n`);
    const bytes = Buffer.from(value.replace(/\r?\n|\r/g, '\r\n'));
    return { header, value: bytes, size: header.length + bytes.length };
  }
  const filename = value.name ? `; filename="${escaped(value.name)}"` : '';
  const type = (value.type || 'application/octet-stream').replace(/[\r\n]/g, '');
  const header = Buffer.from(`${disposition}${filename}\r\nContent-Type: ${type}\r\n\r\n`);
  return { header, value, size: header.length + (value.size ?? NaN) };
}

/** https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
function escaped(name: string): string {
  return name.replace(/[\r\n"]/g, (character) => ESCAPED[character]!);
}

function randomBoundary(): string {
  const random = Array.from({ length: BOUNDARY_LENGTH }, () => BOUNDARY_ALPHABET[randomInt(BOUNDARY_ALPHABET.length)]);
  return `axios-${axios.VERSION}-boundary-${random.join('')}`;
}

/** A body that is read while it is sent, and the headers of its request. */
interface StreamedRequestBody {
  readonly body: StreamedBody;
  readonly headers: AxiosHeaders;
}

/** A form of the form-data package. */
interface PackagedForm extends Source {
  getHeaders(): Record<string, string>;
  getLength?(callback: (error: unknown, length?: number) => void): void;
}

/** Methods that Node frames no body of unknown length for: it would be sent, and taken for another request. */
const UNFRAMED = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);

const BOUNDARY = /boundary=([-\w]{10,70})/i;

/**
 * What axios's adapter makes of data that it streams: FormData, a form of the form-data package, a Blob, a File, a stream.
 * @returns undefined for any other
 */
export async function streamedRequestBody(call: Call): Promise<StreamedRequestBody | undefined> {
  const data: unknown = call.config.data;
  const headers = new AxiosHeaders(call.config.headers).normalize(false);
  headers.set('User-Agent', `axios/${axios.VERSION}`, false);
  const from = await prepared(data, headers, call);
  if (!from) return undefined;
  if (UNFRAMED.has(call.method) && !headers.get('content-length')) headers.set('Transfer-Encoding', 'chunked', false);
  return { body: new StreamedBody(call, from), headers };
}

async function prepared(
  data: unknown,
  headers: AxiosHeaders,
  call: Call,
): Promise<Source | (() => Readable) | undefined> {
  if (isFormData(data)) {
    const given = BOUNDARY.exec(String(headers.getContentType() ?? ''))?.[1];
    const form = multipart(data.entries(), given);
    headers.set('Content-Type', form.contentType);
    if (form.contentLength !== undefined) setLength(headers, form.contentLength);
    return () => form.open();
  }
  if (isPackagedForm(data)) {
    setFormHeaders(headers, data.getHeaders(), call.config.formDataHeaderPolicy);
    const length = headers.hasContentLength() ? undefined : await lengthOf(data, call);
    if (length !== undefined) setLength(headers, length);
    return data;
  }
  if (isBlob(data)) {
    const { size = 0, type } = data;
    if (size > 0) headers.setContentType(type || 'application/octet-stream');
    setLength(headers, size);
    return () => Readable.from(contentOf(data));
  }
  return isSource(data) ? data : undefined;
}

/** A body that the caller has sent in chunks has no other length (RFC 9112 §6.3). */
function setLength(headers: AxiosHeaders, bytes: number): void {
  if (!headers.has('Transfer-Encoding')) headers.setContentLength(String(bytes));
}

function setFormHeaders(headers: AxiosHeaders, ofForm: Record<string, string>, policy: string | undefined): void {
  for (const [name, value] of Object.entries(ofForm)) {
    if (policy !== 'content-only' || /^content-(type|length)$/i.test(name)) headers.set(name, value);
  }
}

/** @returns undefined where it is not known, as of a stream that is no file */
function lengthOf(form: PackagedForm, { cancellation }: Call): Promise<number | undefined> {
  if (!form.getLength) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    cancellation.subscribe(reject);
    form.getLength!((error, length) => {
      cancellation.unsubscribe(reject);
      const isKnown = !error && Number.isFinite(length) && length! >= 0;
      resolve(isKnown ? length : undefined);
    });
  });
}

function isFormData(data: unknown): data is { entries(): Iterable<[string, string | FileLike]> } {
  const { append, entries } = data as Partial<FormData>;
  return typeof append === 'function' && typeof entries === 'function' && kindOf(data) === 'FormData';
}

function isPackagedForm(data: unknown): data is PackagedForm {
  const { append, getHeaders } = data as Partial<Record<'append' | 'getHeaders', unknown>>;
  return isSource(data) && typeof append === 'function' && typeof getHeaders === 'function';
}

function isBlob(data: unknown): data is FileLike {
  const kind = kindOf(data);
  return kind === 'Blob' || kind === 'File';
}

function kindOf(data: unknown): string {
  return Object.prototype.toString.call(data).slice('[object '.length, -1);
}

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
