import type { InternalAxiosRequestConfig } from 'axios';
import { requestTarget, urlOf } from '../../call/target.js';
import type { OnSecret } from '../../redaction/credentials.js';
import { redactHeaders } from '../../redaction/headers.js';
import { REDACTED } from '../../redaction/rules.js';
import { findPairs } from '../../redaction/text.js';
import { redactUrl } from '../../redaction/url.js';
import type { RecordedRequest } from './fixture.js';
import { hashOf, isText, parsed, type RecordedBody, sorted } from './recorded-body.js';
import type { RecordingRules } from './recording-rules.js';
import { onlySecrets, redactBodyText, redactJson, withIgnored } from './redact-body.js';
import type { BufferedRequest } from './request-bytes.js';

/** A text of more than that is in the fixture as its hash. */
const MAX_TEXT_BYTES = 64 * 1024;
const BOUNDARY = /boundary="?([^\s";]+)/i;

export interface RequestForm {
  readonly rules: RecordingRules;
  /** Of those that tell requests apart. */
  readonly headers: readonly string[];
  readonly origin: boolean;
  readonly onSecret: OnSecret;
}

/** A request as the fixture has it, but for what secrets that are known by then are still to be taken out of. */
export function recordedRequest(method: string, sent: BufferedRequest, form: RequestForm): RecordedRequest {
  const { config, bytes } = sent;
  const headers = recordedHeaders(config, form);
  const body = recordedBody(bytes, String(config.headers.getContentType() ?? ''), form);
  return { method, url: recordedUrl(sent, form), ...(headers && { headers }), ...(body && { body }) };
}

/** @throws what axios throws for a URL that is none */
export function absoluteUrl({ config }: BufferedRequest): string {
  const target = requestTarget(config);
  return target ? urlOf(target) : String(config.url);
}

function recordedUrl(sent: BufferedRequest, { rules, origin }: RequestForm): string {
  const url = redactUrl(absoluteUrl(sent), withIgnored(rules));
  return origin ? url : url.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
}

/** What no other origin may get, as the key of an API in a header of its own, is a secret whatever its name is. */
function recordedHeaders(
  { headers, sensitiveHeaders }: InternalAxiosRequestConfig,
  { rules, headers: names, onSecret }: RequestForm,
): Record<string, string> | undefined {
  if (names.length === 0) return undefined;
  const given = names
    .map((name) => name.toLowerCase())
    .toSorted()
    .flatMap((name) => {
      const value = headers.get(name)?.toString();
      return value ? [[name, value] as const] : [];
    });
  const recorded = redactHeaders(Object.fromEntries(given), rules, onSecret) as Record<string, string>;
  for (const name of sensitiveHeaders ?? []) {
    if (Object.hasOwn(recorded, name.toLowerCase())) recorded[name.toLowerCase()] = REDACTED;
  }
  return recorded;
}

function recordedBody(bytes: Buffer, contentType: string, { rules, onSecret }: RequestForm): RecordedBody | undefined {
  if (bytes.length === 0) return undefined;
  // Another boundary each time must not make it another body.
  const boundary = BOUNDARY.exec(contentType)?.[1];
  const body = boundary ? withoutBoundary(bytes, boundary) : bytes;
  if (!isText(body)) return hashOf(body);
  const text = body.toString();
  const value = /^\s*[[{"]/.test(text) ? parsed(text) : undefined;
  if (value !== undefined) return { json: sorted(redactJson(value, rules, onSecret)) };
  if (contentType.includes('application/x-www-form-urlencoded')) return { text: redactForm(text, rules, onSecret) };
  return body.length > MAX_TEXT_BYTES ? hashOf(body) : { text: redactBodyText(text, rules, onSecret) };
}

const withoutBoundary = (bytes: Buffer, boundary: string): Buffer =>
  Buffer.from(bytes.toString('latin1').replaceAll(boundary, 'boundary'), 'latin1');

function redactForm(text: string, rules: RecordingRules, onSecret: OnSecret): string {
  const fields = withIgnored(rules);
  // Fields of forms may have the names of either.
  const isSecretParam = (name: string) => fields.isSecretParam(name) || fields.isSecretKey(name);
  findPairs(text, isSecretParam, onlySecrets(rules, onSecret));
  return redactUrl(`?${text}`, { ...fields, isSecretParam }).slice(1);
}
