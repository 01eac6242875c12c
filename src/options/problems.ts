import * as v from 'valibot';
import { didYouMean } from './did-you-mean.js';
import { UNKNOWN_OPTION } from './schema-parts.js';

/** Where a wrong value may itself be a secret, only its type is told. */
const SECRET = /^(headers|tls|axios)\b/;

/** Each problem as `path: expected …, got …`. */
export function findProblems(schema: v.GenericSchema, options: unknown): string[] {
  const { issues = [] } = v.safeParse(schema, options);
  return issues.map((issue) => {
    const path = v.getDotPath(issue) ?? 'options';
    const got = issue.received === UNKNOWN_OPTION ? unknownOption(issue, schema) : describe(issue.input, path);
    return `${path}: expected ${issue.message}, got ${got}`;
  });
}

function unknownOption({ path = [] as never }: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  const keys = path.map(({ key }) => String(key));
  const advice = didYouMean(keys.slice(0, -1).join('.'), keys.at(-1)!, schema);
  return advice === undefined ? UNKNOWN_OPTION : `${UNKNOWN_OPTION}; ${advice}`;
}

function describe(value: unknown, path: string): string {
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      // A URL may carry a password before its @.
      return SECRET.test(path) || value.includes('@') ? 'a string' : JSON.stringify(value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return SECRET.test(path) ? `a ${typeof value}` : String(value);
    case 'object':
      return value === null ? 'null' : 'an object';
    default:
      return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`;
  }
}
