/** Function → its number. Which one it is says what it does. */
const numbers = new WeakMap<object, number>();
let count = 0;

/** Options are not that deep, unless they contain themselves. */
const MAX_DEPTH = 8;

/**
 * A text that two values share only where they have the same contents. With it, what was made of one value serves for the other.
 * @returns undefined for a value with parts that may change unseen, as instances of classes do, or that contains itself
 */
export function contentKey(value: unknown, depth = 0): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'function':
      return `function ${numberOf(value)}`;
    case 'symbol':
      return undefined;
    case 'object':
      return value === null ? 'null' : keyOfObject(value as Readonly<Record<string, unknown>>, depth);
    default:
      return `${typeof value} ${String(value)}`;
  }
}

function keyOfObject(object: Readonly<Record<string, unknown>>, depth: number): string | undefined {
  const isList = Array.isArray(object);
  if (depth === MAX_DEPTH || (!isList && !isPlain(object))) return undefined;
  let key = isList ? '[' : '{';
  for (const name of Object.keys(object)) {
    const part = contentKey(object[name], depth + 1);
    if (part === undefined) return undefined;
    key += `${JSON.stringify(name)}:${part},`;
  }
  return key + (isList ? `${object.length}]` : '}');
}

function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || prototype === Object.prototype;
}

function numberOf(known: object): number {
  let number = numbers.get(known);
  if (number === undefined) numbers.set(known, (number = ++count));
  return number;
}
