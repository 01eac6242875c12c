import axios from 'axios';
import { randomInt } from 'node:crypto';
import { Readable } from 'node:stream';

/** A form as multipart/form-data (RFC 7578). */
export interface Multipart {
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
export async function* contentOf(file: FileLike): AsyncGenerator<Uint8Array> {
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
