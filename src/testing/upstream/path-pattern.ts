/** The names after colons in a pattern, as `id` of `GET /users/:id`. */
export type ParamsOf<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamName<Pattern>]: string };

type ParamName<Pattern extends string> = Pattern extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer Tail}`
    ? Name | ParamName<Tail>
    : Rest
  : never;

/** Which requests a pattern is for. */
export interface PathPattern {
  readonly pattern: string;
  /** @returns what stands for the names in the pattern, decoded; undefined where it is for other requests */
  readonly match: (method: string, path: string) => Readonly<Record<string, string>> | undefined;
}

const PATTERN = /^(?:([A-Z]+) +)?(\*|\/\S*)$/;

/**
 * @param pattern a path with or without a method before it: `GET /users/:id`, `/users`, `/files/*`, `*`. A name after a colon stands
 * for one segment, a star at the end for anything. There is no query in it.
 * @throws TypeError where it is none
 */
export function pathPattern(pattern: string): PathPattern {
  const [, method, path] = PATTERN.exec(pattern) ?? [];
  if (path === undefined || path.includes('?')) {
    throw new TypeError(
      `${JSON.stringify(pattern)} is no pattern: expected a path with an optional method before it and no query, as ` +
        '"GET /users/:id", "/users", "/files/*" or "*"',
    );
  }
  const names: string[] = [];
  const source = path
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/:(\w+)/g, (_, name: string) => {
      names.push(name);
      return '([^/]+)';
    })
    .replace(/\*$/, '.*');
  const expression = new RegExp(`^${source}$`);
  return {
    pattern,
    match: (ofRequest, requested) => {
      if (method !== undefined && method !== ofRequest) return undefined;
      const values = expression.exec(requested);
      if (!values) return undefined;
      return Object.fromEntries(names.map((name, index) => [name, decoded(values[index + 1]!)]));
    },
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
