/** @import { Ping } from '../../../monitor/monitor.dto.js' */
import { time } from './format.js';

/** Code → a word that fits into a cell. */
const WORDS = new Map([
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'reset'],
  ['ENOTFOUND', 'no such host'],
  ['CERT_HAS_EXPIRED', 'cert expired'],
  ['ERR_CIRCUIT_OPEN', 'breaker open'],
  ['ERR_RATE_LIMIT', 'held back'],
  ['ERR_DEADLINE_EXCEEDED', 'timeout'],
  ['ECONNABORTED', 'timeout'],
  ['ETIMEDOUT', 'timeout'],
]);

/**
 * What an attempt came to, in a word.
 * @param {number | string} outcome a status, or the code that it failed with
 */
export const attemptWord = (outcome) => WORDS.get(String(outcome)) ?? String(outcome);

/**
 * How a ping went, in a word: how long it took where it was answered well, else what was wrong.
 * @param {Pick<Ping, 'status' | 'code' | 'durationMs'>} ping
 */
export function outcomeWord({ status, code, durationMs }) {
  if (code === null) return time(durationMs);
  return status === null ? attemptWord(code) : String(status);
}
