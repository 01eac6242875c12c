import { inspect, type InspectOptions } from 'node:util';

/** An error for JSON.stringify: what is enumerable, name, message and stack. */
export function errorToJson(error: Error): Record<string, unknown> {
  const { name, message, stack } = error;
  return { ...Object.fromEntries(Object.entries(error)), name, message, stack };
}

/** Has an error print itself as util.inspect has it, but without what is not enumerable, whoever asks for it. */
export function inspectEnumerableOnly(error: Error): void {
  hide(error, inspect.custom, printEnumerable);
}

function printEnumerable(this: Error, depth: number, options: InspectOptions, print: typeof inspect): string {
  return print(this, { ...options, depth, showHidden: false, customInspect: false });
}

/** Sets a property that code can read and replace, but that nothing prints. A frozen object stays as it is. */
export function hide(object: object, name: PropertyKey, value: unknown): void {
  Reflect.defineProperty(object, name, { value, enumerable: false, writable: true, configurable: true });
}
