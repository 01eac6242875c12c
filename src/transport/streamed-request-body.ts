import axios, { AxiosHeaders } from 'axios';
import { Readable } from 'node:stream';
import type { Call } from '../layers/layer.js';
import { contentOf, type FileLike, multipart } from './multipart.js';
import { isSource, type Source } from './source.js';
import { StreamedBody } from './streamed-body.js';

/** A body that is read while it is sent, and the headers of its request. */
export interface StreamedRequestBody {
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
