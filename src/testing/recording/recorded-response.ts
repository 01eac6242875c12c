import { AxiosHeaders, type AxiosResponse } from 'axios';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import zlib from 'node:zlib';
import type { OnSecret } from '../../redaction/credentials.js';
import { redactHeaders } from '../../redaction/headers.js';
import { redactUrl } from '../../redaction/url.js';
import { collectedBody } from '../../transport/axios-adapter.js';
import { decodedBody } from '../../transport/response-body.js';
import { MAX_FIXTURE_BODY_BYTES, type RecordedResponse } from './fixture.js';
import { bytesOf, isText, parseJson, type RecordedBody } from './recorded-body.js';
import type { RecordingRules } from './recording-rules.js';
import { redactBodyText, redactJson } from './redact-body.js';

/** A response as it was on the wire. */
export interface RawResponse {
  readonly status: number;
  readonly statusText: string;
  /** Where redirects have led to. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly bytes: Buffer;
}

/** Headers that are another each time, or are about the connection. */
const VOLATILE: ReadonlySet<string> = new Set([
  'age',
  'alt-svc',
  'cf-ray',
  'connection',
  'date',
  'keep-alive',
  'nel',
  'report-to',
  'server-timing',
  'traceparent',
  'tracestate',
  'transfer-encoding',
  'x-amz-cf-id',
  'x-amz-id-2',
  'x-amz-request-id',
  'x-amzn-requestid',
  'x-amzn-trace-id',
  'x-correlation-id',
  'x-request-id',
  'x-runtime',
  'x-served-by',
  'x-timer',
  'x-trace-id',
]);

const ENCODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
};

/** What the transport gives for a call that asks for all bytes as they are. */
export function rawResponse({ status, statusText, headers, data, request }: AxiosResponse, url: string): RawResponse {
  const responseUrl = (request as { res?: { responseUrl?: string } } | undefined)?.res?.responseUrl;
  return {
    status,
    statusText,
    url: responseUrl ?? url,
    headers: new AxiosHeaders(headers as AxiosHeaders).toJSON(),
    bytes: Buffer.from(data as Buffer),
  };
}

export interface ResponseForm {
  readonly rules: RecordingRules;
  /** Lower case: what is left out besides VOLATILE. */
  readonly ignoredHeaders: ReadonlySet<string>;
  /** What the request was sent to. */
  readonly sentTo: string;
  readonly onSecret: OnSecret;
}

/** A response as the fixture has it, but for what secrets that are known by then are still to be taken out of. */
export async function recordedResponse(
  raw: RawResponse,
  method: string,
  { rules, ignoredHeaders, sentTo, onSecret }: ResponseForm,
): Promise<RecordedResponse> {
  const given = Object.entries(raw.headers).filter(([name]) => !VOLATILE.has(name) && !ignoredHeaders.has(name));
  for (const [name, value] of given) {
    if (rules.isSecretHeader(name)) for (const one of [value].flat()) onSecret(secretOf(name, one));
  }
  const redacted = redactHeaders(Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1))), rules, onSecret);
  const body = await recordedBody(raw, method, rules, onSecret);
  return {
    status: raw.status,
    statusText: raw.statusText,
    ...(raw.url !== sentTo && { url: redactUrl(raw.url, rules) }),
    headers: { ...(redacted as RecordedResponse['headers']) },
    ...(body && { body }),
  };
}

/** Of a cookie what stands between its name and its attributes. */
const secretOf = (name: string, value: string): string =>
  name === 'set-cookie' ? value.replace(/^[^=;]*=|;.*$/gs, '') : value;

async function recordedBody(
  raw: RawResponse,
  method: string,
  rules: RecordingRules,
  onSecret: OnSecret,
): Promise<RecordedBody | undefined> {
  if (raw.bytes.length === 0) return undefined;
  const bytes = await decoded(raw, method);
  if (!bytes) return { encoded: raw.bytes.toString('base64') };
  if (!isText(bytes)) return { base64: bytes.toString('base64') };
  const text = bytes.toString();
  const json = parseJson(text);
  return json
    ? { json: redactJson(json.value, rules, onSecret), ...json.layout }
    : { text: redactBodyText(text, rules, onSecret) };
}

/** @returns undefined where it is encoded with what is not known here, is broken, or grows to more than a fixture has */
async function decoded(raw: RawResponse, method: string): Promise<Buffer | undefined> {
  const coding = raw.headers['content-encoding'];
  if (coding === undefined) return raw.bytes;
  if (!(String(coding).toLowerCase() in ENCODERS)) return undefined;
  const limit = { maxBytes: MAX_FIXTURE_BODY_BYTES, error: () => new RangeError('larger than a fixture has') };
  return collectedBody(decodedBody(messageOf(raw), method), limit).catch(() => undefined);
}

/** What a recorded response was on the wire. */
export function replayedResponse(recorded: RecordedResponse, sentTo: string): RawResponse {
  const { status, statusText, headers, body, url = sentTo } = recorded;
  const coding = String(headers['content-encoding'] ?? '').toLowerCase();
  const plain = bytesOf(body);
  const isPlain = body !== undefined && !('encoded' in body);
  const bytes = isPlain && coding in ENCODERS ? ENCODERS[coding]!(plain) : plain;
  // What was replaced in it may have been longer, and encoders differ.
  const hasLength = body !== undefined && 'content-length' in headers;
  return {
    status,
    statusText,
    url,
    headers: hasLength ? { ...headers, 'content-length': String(bytes.length) } : headers,
    bytes,
  };
}

/** A response as Node's client gives it. */
export function messageOf({ status, statusText, headers, bytes, url }: RawResponse): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  message.statusCode = status;
  message.statusMessage = statusText;
  message.headers = { ...headers };
  message.complete = true;
  (message as { responseUrl?: string }).responseUrl = url;
  message.push(bytes);
  message.push(null);
  return message;
}
