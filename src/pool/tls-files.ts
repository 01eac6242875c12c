import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import type { TlsSettings } from '../options/resolve-sections.js';
import type { TlsFiles, TlsOptions } from '../options/transport-options.js';

/** What sockets are opened with: what was in the files stands in the place of their paths. */
export type TlsMaterial = Readonly<Omit<TlsOptions, 'files' | 'watch'>>;

type Name = keyof TlsFiles;

/** Option → what its file held, or why it could not be read. */
type Contents = ReadonlyMap<Name, { readonly path: string; readonly bytes?: Buffer; readonly failure?: string }>;

/** The files as they were at one moment. */
export interface FilesRead {
  readonly contents: Contents;
  /** The same for the same contents. */
  readonly digest: string;
}

type Entries = readonly (readonly [Name, string])[];
const entriesOf = (files: TlsFiles) => Object.entries(files) as unknown as Entries;

export function readTlsFilesNow(files: TlsFiles): FilesRead {
  return asRead(
    entriesOf(files).map(([name, path]) => {
      try {
        return [name, { path, bytes: readFileSync(path) }] as const;
      } catch (error) {
        return [name, { path, failure: codeOf(error) }] as const;
      }
    }),
  );
}

/** Without holding up the event loop: a mount may hang. */
export async function readTlsFiles(files: TlsFiles): Promise<FilesRead> {
  const reading = entriesOf(files).map(async ([name, path]) => {
    try {
      return [name, { path, bytes: await readFile(path) }] as const;
    } catch (error) {
      return [name, { path, failure: codeOf(error) }] as const;
    }
  });
  return asRead(await Promise.all(reading));
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'something else';

function asRead(entries: readonly (readonly [Name, { path: string; bytes?: Buffer; failure?: string }])[]): FilesRead {
  const hash = createHash('sha256');
  for (const [name, { bytes, failure = '' }] of entries) {
    hash.update(`${name}:${failure}:${bytes?.length ?? -1}:`);
    if (bytes) hash.update(bytes);
  }
  return { contents: new Map(entries), digest: hash.digest('base64') };
}

/** What files are good for. */
export type Judged =
  | {
      readonly material: TlsMaterial;
      /** Until when the client's own certificate is valid, as ISO 8601; undefined where there is none, or in a `pfx`. */
      readonly validTo: string | undefined;
    }
  /** `option: expected …, got …`, with paths and without contents. */
  | { readonly problems: readonly string[] };

/** Whether sockets can be opened with what was in the files. Half of a file is none. */
export function judgeTlsFiles({ files: _files, watch: _watch, ...inline }: TlsSettings, read: FilesRead): Judged {
  const problems: string[] = [];
  const material: { -readonly [Key in keyof TlsMaterial]: TlsMaterial[Key] } = { ...inline };
  for (const [name, { path, bytes, failure }] of read.contents) {
    if (bytes) material[name] = name === 'pfx' ? bytes : bytes.toString();
    const problem = bytes ? CHECKS[name](bytes, inline.passphrase) : `a file that can be read, got ${failure!}`;
    if (problem !== undefined) problems.push(`tls.files.${name}: expected ${problem} (${path})`);
  }
  if (problems.length > 0) return { problems };
  const error = failureOf(() => tls.createSecureContext(material));
  if (error !== undefined) {
    const paths = Array.from(read.contents.values(), ({ path }) => path).join(', ');
    const isMismatch = error === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    const problem = isMismatch ? 'the key of the certificate, got another' : `files that go together, got ${error}`;
    return { problems: [`tls.files: expected ${problem} (${paths})`] };
  }
  const [own] = read.contents.has('cert') ? certificatesIn(material.cert as string)! : [];
  return { material, validTo: own && new Date(own.validTo).toISOString() };
}

/** Option → what is wrong with its file, as `…, got …`. */
const CHECKS: Readonly<Record<Name, (bytes: Buffer, passphrase: string | undefined) => string | undefined>> = {
  ca: certificatesProblem,
  cert: certificatesProblem,
  key: (bytes, passphrase) => {
    const error = failureOf(() => createPrivateKey({ key: bytes, ...(passphrase !== undefined && { passphrase }) }));
    return error && `a private key in PEM, got ${bytes.length === 0 ? 'an empty file' : error}`;
  },
  pfx: (bytes, passphrase) => {
    const error = failureOf(() => tls.createSecureContext({ pfx: bytes, passphrase }));
    return error && `PKCS #12 that tls.passphrase opens, got ${bytes.length === 0 ? 'an empty file' : error}`;
  },
};

function certificatesProblem(bytes: Buffer): string | undefined {
  if (certificatesIn(bytes.toString())) return undefined;
  return `certificates in PEM, got ${bytes.length === 0 ? 'an empty file' : 'something else, or a part of one'}`;
}

/** Only its code: nobody promises that a message has nothing of the contents. */
function failureOf(use: () => unknown): string | undefined {
  try {
    use();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

const BEGIN = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/** @returns undefined where there is none, or any is not whole: Node would leave out what it cannot read */
function certificatesIn(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0 || blocks.length !== pem.match(BEGIN)!.length) return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}
