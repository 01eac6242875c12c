import { isAbortSignal, wrongKind } from '../argument-checks.js';
import type { GatherCall, GatherCalls, GatherOptions } from './gather-types.js';

const invalid = (name: string, expected: string, value: unknown) => wrongKind(`gather: ${name}`, expected, value);

const SETTLES = new Set(['all', 'first', 'quorum']);

/**
 * The calls with their names or places.
 * @throws TypeError for anything but functions in a record or a list
 */
export function checkedCalls(calls: GatherCalls): readonly (readonly [string | number, GatherCall])[] {
  if (typeof calls !== 'object' || calls === null) throw invalid('calls', 'a record or a list of functions', calls);
  const entries = Array.isArray(calls) ? [...(calls as GatherCall[]).entries()] : Object.entries(calls);
  for (const [key, call] of entries) {
    if (typeof call !== 'function') throw invalid(`calls[${JSON.stringify(key)}]`, 'a function', call);
  }
  return entries;
}

/**
 * How many calls must be fulfilled.
 * @throws TypeError for options of the wrong kind, RangeError for numbers that are out of range
 */
export function checkedNeeded(options: GatherOptions, total: number): number {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'an object', options);
  const { deadlineMs, concurrency, settle = 'all', quorum, signal, onProgress } = options;
  if (deadlineMs !== undefined) checkNumber('deadlineMs', deadlineMs, 0, Infinity, false);
  if (concurrency !== undefined) checkNumber('concurrency', concurrency, 1, Infinity, true);
  if (signal !== undefined && !isAbortSignal(signal)) throw invalid('signal', 'an AbortSignal', signal);
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalid('onProgress', 'a function', onProgress);
  if (!SETTLES.has(settle)) throw invalid('settle', "'all', 'first' or 'quorum'", settle);
  if (settle !== 'quorum' && quorum !== undefined) {
    throw new TypeError(`gather: quorum is only for settle 'quorum', not '${settle}'`);
  }
  if (settle === 'all') return total;
  if (total === 0) throw new RangeError(`gather: settle '${settle}' needs a call`);
  if (settle === 'first') return 1;
  checkNumber('quorum', quorum, 1, total, true);
  return quorum!;
}

function checkNumber(name: string, value: unknown, min: number, max: number, isWhole: boolean): void {
  const expected = `a ${isWhole ? 'whole number' : 'number'} from ${min} to ${max}`;
  if (typeof value !== 'number') throw invalid(name, expected, value);
  const isKind = !isWhole || Number.isInteger(value) || value === Infinity;
  if (!(value >= min && value <= max && isKind)) {
    throw new RangeError(`gather: ${name}: expected ${expected}, got ${value}`);
  }
}
