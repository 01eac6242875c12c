import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

/** How a JSON text is laid out; compact and without a line break at its end where nothing is said. */
export interface JsonLayout {
  readonly indent?: number | '\t';
  readonly newline?: true;
}

/** A body as a person may read it. */
export type RecordedBody =
  | ({ readonly json: unknown } & JsonLayout)
  | { readonly text: string }
  | { readonly base64: string }
  /** Of a coding that is not known here, as it was on the wire. */
  | { readonly encoded: string }
  /** Of a request that is no text. */
  | { readonly sha256: string; readonly bytes: number };

const INDENTS = [undefined, 2, 4, '\t'] as const;

/** JSON that can be written again byte by byte, and how; undefined for any other text. */
export function parseJson(text: string): { readonly value: unknown; readonly layout: JsonLayout } | undefined {
  const newline = text.endsWith('\n');
  const body = newline ? text.slice(0, -1) : text;
  const value = parsed(body);
  if (value === undefined) return undefined;
  for (const indent of INDENTS) {
    if (JSON.stringify(value, null, indent) !== body) continue;
    return { value, layout: { ...(indent !== undefined && { indent }), ...(newline && { newline }) } };
  }
  return undefined;
}

/** @returns undefined where it is none; JSON has no such value */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The bytes of a response that a recorded body stands for. */
export function bytesOf(body: RecordedBody | undefined): Buffer {
  if (!body) return Buffer.alloc(0);
  if ('json' in body) return Buffer.from(JSON.stringify(body.json, null, body.indent) + (body.newline ? '\n' : ''));
  if ('text' in body) return Buffer.from(body.text);
  if ('base64' in body) return Buffer.from(body.base64, 'base64');
  if ('encoded' in body) return Buffer.from(body.encoded, 'base64');
  throw new TypeError('A response has no hash for a body');
}

export const isText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0);

export const hashOf = (bytes: Buffer): RecordedBody => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
});

/** The same value with the fields of all objects in the order of their names. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, entry]) => [name, sorted(entry)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
