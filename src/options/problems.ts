import * as v from 'valibot';

/** Where a wrong value may itself be a secret, only its type is told. */
const SECRET = /^(headers|tls|axios)\b/;

/** Each problem as `path: expected …, got …`. */
export function findProblems(schema: v.GenericSchema, options: unknown): string[] {
  const { issues = [] } = v.safeParse(schema, options);
  return issues.map((issue) => {
    const path = v.getDotPath(issue) ?? 'options';
    const got =
      issue.type === 'strict_object' && issue.expected === 'never' ? 'an unknown option' : describe(issue.input, path);
    return `${path}: expected ${issue.message}, got ${got}`;
  });
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
