// How numbers are written, on the server and in the browser alike.

const GROUPED = new Intl.NumberFormat('en');
const NBSP = '\u00a0';

/** What stands where there is nothing to tell. */
export const NOTHING = '–';

/** @param {number} number */
export const count = (number) => GROUPED.format(number);

/** @param {number} duration milliseconds */
export const time = (duration) =>
  duration < 1_000 ? `${Math.round(duration)}${NBSP}ms` : `${(duration / 1_000).toFixed(2)}${NBSP}s`;

/** @param {number | null} share from 0 to 1 */
export const percent = (share) => (share === null ? NOTHING : `${Math.floor(share * 100)}${NBSP}%`);

/** @param {number} euros */
export const price = (euros) => `€${NBSP}${euros.toFixed(2)}`;

/**
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export const counted = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
