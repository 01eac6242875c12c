import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { findProblems } from '../../options/problems.js';
import { FixtureError } from './fixture.error.js';
import type { RecordedBody } from './recorded-body.js';

/** A decoded body that is larger is recorded as it is on the wire, and given only to calls whose own limit allows it. */
export const MAX_FIXTURE_BODY_BYTES = 64 * 1024 * 1024;

/** A request as the fixture has it, without secrets. What is compared is this form, of both. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  /** Those that tell requests apart. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RecordedBody;
}

/** A response as the fixture has it, without secrets. */
export interface RecordedResponse {
  readonly status: number;
  readonly statusText: string;
  /** Where redirects have led to; absent: the request's own. */
  readonly url?: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: RecordedBody;
}

export interface RecordedExchange {
  readonly request: RecordedRequest;
  readonly response: RecordedResponse;
}

const FORMAT = 'nest-outbound recording';
const VERSION = 1;
const NOTE =
  'Recorded HTTP exchanges, sorted by request; equal requests are in the order in which they were made. Credentials are replaced by ' +
  '[redacted]. Made by recordedTransport of nest-outbound/testing.';

const texts = v.record(v.string(), v.union([v.string(), v.array(v.string())]), 'headers');
const body = v.looseObject({}, 'a body');
const schema = v.looseObject({
  exchanges: v.array(
    v.object(
      {
        request: v.object(
          { method: v.string('a method'), url: v.string('a URL'), headers: v.optional(texts), body: v.optional(body) },
          'a request',
        ),
        response: v.object(
          {
            status: v.pipe(v.number('a status'), v.integer('a status')),
            statusText: v.string('a text'),
            url: v.optional(v.string('a URL')),
            headers: texts,
            body: v.optional(body),
          },
          'a response',
        ),
      },
      'an exchange',
    ),
    'a list of exchanges',
  ),
});

/**
 * @returns undefined where there is no such file
 * @throws FixtureError where it cannot be read, or is none
 */
export function readFixture(path: string): readonly RecordedExchange[] | undefined {
  if (!existsSync(path)) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new FixtureError(path, 'it cannot be read as JSON. Restore it, or delete it and record it again', { cause });
  }
  const { format, version } = (content ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) throw new FixtureError(path, `expected "format": ${JSON.stringify(FORMAT)}`);
  if (version !== VERSION) {
    const known = `expected "version": ${VERSION}, which is what this version of nest-outbound reads`;
    throw new FixtureError(path, `${known}. Record it again`);
  }
  const problems = findProblems(schema, content);
  if (problems.length > 0) throw new FixtureError(path, `${problems.join('; ')}. Restore it, or record it again`);
  return (content as { exchanges: readonly RecordedExchange[] }).exchanges;
}

/** Replaces the file as a whole: who reads it meanwhile gets the old one or the new one. */
export async function writeFixture(path: string, exchanges: readonly RecordedExchange[]): Promise<void> {
  const content = JSON.stringify({ format: FORMAT, version: VERSION, note: NOTE, exchanges }, null, 2);
  const temporary = `${path}.${randomUUID()}.tmp`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(temporary, `${content}\n`);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What requests are sorted by, and equal ones share. */
export const keyOf = ({ method, url, headers, body: sent }: RecordedRequest): string =>
  JSON.stringify([url, method, headers ?? null, sent ?? null]);
