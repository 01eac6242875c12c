import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { StoredResponse } from './stored.js';

// A value: magic and version (4 bytes), checksum (16), length of the description (4), description (JSON), bodies.

/** Of this form of values: one of another form is no value. */
const MAGIC = Buffer.from('NOC1');
const CHECKSUM_BYTES = 16;
const HEAD_BYTES = MAGIC.length + CHECKSUM_BYTES + 4;

/** Bodies above this are compressed, where that makes them smaller. */
const COMPRESSED_FROM_BYTES = 1_024;
/** What a compressed body may grow to. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

const deflate = promisify(zlib.deflateRaw);
const inflate = promisify(zlib.inflateRaw);

interface Description extends Omit<StoredResponse, 'body' | 'lifetime'> {
  /** What is in the value. */
  readonly bytes: number;
  readonly isCompressed: boolean;
  /** Infinity is none in JSON. */
  readonly lifetime: Omit<StoredResponse['lifetime'], 'initialAgeMs'> & { readonly initialAgeMs: number | null };
}

/** Responses of one URL as a value for a store that replicas share. */
export async function encoded(responses: readonly StoredResponse[]): Promise<Buffer> {
  const parts = await Promise.all(responses.map((response) => described(response)));
  const description = Buffer.from(JSON.stringify(parts.map(([about]) => about)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(description.length);
  const content = Buffer.concat([length, description, ...parts.map(([, body]) => body)]);
  return Buffer.concat([MAGIC, checksum(content), content]);
}

async function described({ body, ...about }: StoredResponse): Promise<readonly [Description, Buffer]> {
  const small = body.length > COMPRESSED_FROM_BYTES ? await deflate(body) : body;
  const kept = small.length < body.length ? small : body;
  return [{ ...about, bytes: kept.length, isCompressed: kept !== body }, kept];
}

const checksum = (content: Buffer) => createHash('sha256').update(content).digest().subarray(0, CHECKSUM_BYTES);

/** @returns undefined for a value that is broken, or of another version */
export async function decoded(value: Buffer): Promise<readonly StoredResponse[] | undefined> {
  try {
    if (value.length < HEAD_BYTES || !value.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    const content = value.subarray(MAGIC.length + CHECKSUM_BYTES);
    if (!checksum(content).equals(value.subarray(MAGIC.length, MAGIC.length + CHECKSUM_BYTES))) return undefined;
    const end = 4 + content.readUInt32BE(0);
    const descriptions = JSON.parse(content.subarray(4, end).toString()) as Description[];
    let begin = end;
    const bodies = descriptions.map(({ bytes }) => content.subarray(begin, (begin += bytes)));
    return await Promise.all(descriptions.map((about, index) => responseOf(about, bodies[index]!)));
  } catch {
    return undefined;
  }
}

async function responseOf(description: Description, body: Buffer): Promise<StoredResponse> {
  const { url, status, statusText, headers, isText, lifetime, requestedAt, respondedAt } = description;
  const { selectors, audience, apart, tags, isCompressed } = description;
  return {
    url,
    status,
    statusText,
    headers,
    isText,
    requestedAt,
    respondedAt,
    audience,
    apart,
    tags,
    selectors: selectors.map(([name, value]) => [name, value ?? undefined]),
    lifetime: { ...lifetime, initialAgeMs: lifetime.initialAgeMs ?? Infinity },
    body: isCompressed ? await inflate(body, { maxOutputLength: MAX_BODY_BYTES }) : Buffer.from(body),
  };
}
