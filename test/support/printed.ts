import { ConsoleLogger } from '@nestjs/common';
import { format, inspect } from 'node:util';

/** What everything prints of an error that people print errors with: by how, what. */
export function printed(error: unknown): Record<string, string> {
  const { message, stack, name } = error as Error;
  const wrapped = new Error('wrapped', { cause: error });
  return {
    ...Object.fromEntries([0, 1, 2, 5, null].map((depth) => [`inspect, depth ${depth}`, inspect(error, { depth })])),
    'inspect with hidden properties': inspect(error, { depth: null, showHidden: true }),
    'inspect with getters': inspect(error, { depth: null, getters: true }),
    'inspect within an object': inspect({ list: [{ error }] }, { depth: null }),
    'inspect as a cause': inspect(wrapped, { depth: null }),
    'inspect as one of several': inspect(new AggregateError([error]), { depth: null }),
    format: format('%s %o %O %j', error, error, error, error),
    'JSON.stringify': JSON.stringify(error),
    'JSON.stringify within an object': JSON.stringify({ error }),
    'JSON.stringify of its own names': JSON.stringify(error, Object.getOwnPropertyNames(error)),
    String: String(error),
    parts: [name, message, stack].join('\n'),
    'own enumerable properties': walk(error),
    'enumerable properties, as pino takes them': walk(enumerable(error as Error)),
    structuredClone: inspect(structuredClone(bare(error as Error)), { depth: null, showHidden: true }),
    ...logged(error),
  };
}

/** The error without what cannot be cloned, such as functions, as tools do that send errors to another thread. */
function bare(error: Error): Error {
  const copy = new Error(error.message, 'cause' in error ? { cause: bare(error.cause as Error) } : {});
  copy.stack = error.stack!;
  copy.name = error.name;
  return copy;
}

/** https://github.com/pinojs/pino-std-serializers/blob/master/lib/err.js */
function enumerable(error: Error): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (let current: any = error; current instanceof Error; current = current.cause) {
    for (const key in current) all[`${Object.keys(all).length}.${key}`] = (current as any)[key];
    all[`${Object.keys(all).length}.stack`] = current.stack;
  }
  return all;
}

/** Every string and byte that can be reached through own enumerable properties. */
function walk(root: unknown): string {
  const seen = new Set<unknown>();
  const parts: string[] = [];
  const visit = (value: unknown) => {
    if (typeof value === 'string') parts.push(value);
    if (Buffer.isBuffer(value)) parts.push(value.toString('latin1'));
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    if (value instanceof Map || value instanceof Set) for (const entry of value) visit(entry);
    for (const [key, entry] of Object.entries(value)) {
      parts.push(key);
      visit(entry);
    }
  };
  visit(root);
  return parts.join('\n');
}

function logged(error: unknown): Record<string, string> {
  const text = new ConsoleLogger('Test', { colors: false });
  const json = new ConsoleLogger('Test', { json: true });
  const deep = new ConsoleLogger('Test', { colors: false, depth: 20, compact: false });
  const results: Record<string, string> = {};
  for (const [name, logger] of Object.entries({ text, json, deep })) {
    results[`Nest's logger, ${name}`] = captured(() => {
      logger.error(error);
      logger.error('a message', error);
      logger.error('a message', (error as Error).stack);
      logger.error({ error });
      logger.warn(error);
      logger.log([error]);
    });
  }
  return results;
}

function captured(print: () => void): string {
  const parts: string[] = [];
  const streams = [process.stdout, process.stderr] as const;
  const own = streams.map((stream) => Object.getOwnPropertyDescriptor(stream, 'write'));
  for (const stream of streams) {
    stream.write = (chunk: string | Uint8Array) => {
      parts.push(String(chunk));
      return true;
    };
  }
  try {
    print();
  } finally {
    for (const [index, stream] of streams.entries()) {
      if (own[index]) Object.defineProperty(stream, 'write', own[index]);
      else Reflect.deleteProperty(stream, 'write');
    }
  }
  return parts.join('');
}

const MARK = 'SECRET';

/** A secret that is found again, and tells where it was planted. */
export const secret = (place: string): string => `${MARK}-${place}`;

/** As text, in whatever case, and as bytes. */
const MARKS = [MARK, Buffer.from(MARK).toString('hex'), Buffer.from(MARK).toString('hex').match(/../g)!.join(' ')].map(
  (form) => form.toUpperCase(),
);
const BYTES = [...Buffer.from(MARK)].join(',');
/** In base64, at any offset. */
const ENCODED = [0, 1, 2].map((offset) => base64At(offset));

function base64At(offset: number): string {
  const text = Buffer.from('x'.repeat(offset) + MARK)
    .toString('base64')
    .replace(/=+$/, '');
  const whole = Math.floor(((offset + MARK.length) * 8) / 6); // characters that what follows does not change
  return text.slice(Math.ceil((offset * 8) / 6), whole);
}

/** The secrets in what was printed: how, and with what stands around it. */
export function leaks(error: unknown): string[] {
  return Object.entries(printed(error)).flatMap(([how, text]) => {
    const at = positionOf(text);
    return at === -1 ? [] : [`${how}: …${text.slice(Math.max(0, at - 60), at + 60)}…`];
  });
}

function positionOf(text: string): number {
  const upperCase = text.toUpperCase();
  const positions = [
    ...MARKS.map((form) => upperCase.indexOf(form)),
    ...[BYTES, ...ENCODED].map((form) => text.replace(/\s+/g, '').indexOf(form)),
  ];
  return positions.find((position) => position !== -1) ?? -1;
}
