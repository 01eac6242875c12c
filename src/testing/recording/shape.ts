/** What kinds of values a place in a JSON document has. */
interface Shape {
  readonly types: ReadonlySet<string>;
  /** Name → the shape of the field, and whether every object had it. */
  readonly fields: ReadonlyMap<string, { readonly shape: Shape; readonly always: boolean }>;
  /** Of all elements of arrays; undefined where there were none. */
  readonly items: Shape | undefined;
}

/**
 * What a client that was written for the recorded document may stumble over in another: fields that are gone, values of another type.
 * New fields and other values are no such thing; nor is null, where one document cannot tell whether a value may be missing.
 * Elements of arrays are taken together: a field counts where every recorded element has it.
 * @returns each as `items[].id: recorded number, now string`
 */
export function shapeDrift(recorded: unknown, actual: unknown): readonly string[] {
  return drift('body', shapeOf([recorded]), shapeOf([actual]));
}

function drift(path: string, recorded: Shape, actual: Shape): readonly string[] {
  const before = withoutNull(recorded.types);
  const now = withoutNull(actual.types);
  const others = now.filter((type) => !before.includes(type));
  if (before.length > 0 && others.length > 0)
    return [`${path}: recorded ${before.join(' or ')}, now ${others.join(' or ')}`];
  const found: string[] = [];
  if (now.includes('object')) {
    for (const [name, { shape, always }] of recorded.fields) {
      const field = actual.fields.get(name);
      if (field && (field.always || !always)) found.push(...drift(`${path}.${name}`, shape, field.shape));
      else if (always) found.push(`${path}.${name}: recorded ${[...shape.types].join(' or ')}, now missing`);
    }
  }
  if (recorded.items && actual.items) found.push(...drift(`${path}[]`, recorded.items, actual.items));
  return found;
}

const withoutNull = (types: ReadonlySet<string>): string[] => [...types].filter((type) => type !== 'null');

/** The common shape of values that stand at the same place. */
function shapeOf(values: readonly unknown[]): Shape {
  const objects = values.filter((value) => typeOf(value) === 'object') as Record<string, unknown>[];
  const elements = values.filter((value) => Array.isArray(value)).flat() as unknown[];
  const names = new Set(objects.flatMap((object) => Object.keys(object)));
  return {
    types: new Set(values.map(typeOf)),
    fields: new Map(
      Array.from(names, (name) => {
        const having = objects.filter((object) => Object.hasOwn(object, name));
        const shape = shapeOf(having.map((object) => object[name]));
        return [name, { shape, always: having.length === objects.length }];
      }),
    ),
    items: elements.length > 0 ? shapeOf(elements) : undefined,
  };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
