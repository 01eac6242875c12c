import type { RecordedExchange, RecordedRequest } from './fixture.js';
import type { RecordedBody } from './recorded-body.js';
import type { SecretValues } from './secret-values.js';

/** What the fixture has of a request, without the secrets that are known by now. */
export const scrubbedRequest = (request: RecordedRequest, secrets: SecretValues): RecordedRequest =>
  scrubMessage(request, secrets);

/** What the fixture has of an exchange, without the secrets that are known by now. */
export const scrubbedExchange = ({ request, response }: RecordedExchange, secrets: SecretValues): RecordedExchange => ({
  request: scrubMessage(request, secrets),
  response: scrubMessage(response, secrets),
});

function scrubMessage<Message extends { readonly body?: RecordedBody }>(
  { body, ...others }: Message,
  secrets: SecretValues,
): Message {
  return { ...(scrub(others, secrets) as object), ...(body && { body: scrubBody(body, secrets) }) } as Message;
}

/** Bytes are scrubbed as bytes, or they would be no base64 any more. */
function scrubBody(body: RecordedBody, secrets: SecretValues): RecordedBody {
  const inBytes = (base64: string) => secrets.withoutThemInBytes(Buffer.from(base64, 'base64')).toString('base64');
  if ('base64' in body) return { base64: inBytes(body.base64) };
  if ('encoded' in body) return { encoded: inBytes(body.encoded) };
  if ('json' in body) return { ...body, json: scrub(body.json, secrets) };
  return 'text' in body ? { text: secrets.withoutThem(body.text) } : body;
}

function scrub(value: unknown, secrets: SecretValues): unknown {
  if (typeof value === 'string') return secrets.withoutThem(value);
  if (typeof value === 'number') return secrets.withoutThem(String(value)) === String(value) ? value : 0;
  if (Array.isArray(value)) return value.map((entry) => scrub(entry, secrets));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([name, entry]) => [secrets.withoutThem(name), scrub(entry, secrets)]));
}
