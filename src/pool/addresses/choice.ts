/** What can be chosen. */
export interface Candidate {
  /** Requests on it now. */
  readonly inFlight: number;
  /** How many times slower it is than the others; 1: not slow. */
  readonly slowness: number;
}

/**
 * The power of two choices: of two candidates, the one with fewer requests in flight (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing,
 * 2001); of a slow one, each counts as many times as it is slower. The first is the one whose turn it is, the second is one of the others at random; a tie goes to the first. So calls that come one after the
 * other take turns, which is as even as can be, and under load the busy ones are passed over.
 *
 * Two looks are enough: the longest queue grows with log log n rather than log n. Always taking the least busy of all would have every client of a
 * service send its next call to the same server.
 * @param turn grows by one with each choice
 * @param random from 0 to below 1, as Math.random
 * @returns undefined where there is none
 */
export function chooseOf<Of extends Candidate>(
  candidates: readonly Of[],
  turn: number,
  random: () => number,
): Of | undefined {
  const { length } = candidates;
  if (length < 2) return candidates[0];
  const first = turn % length;
  const second = (first + 1 + Math.floor(random() * (length - 1))) % length;
  const [one, other] = [candidates[first]!, candidates[second]!];
  return costOf(one) <= costOf(other) ? one : other;
}

/** Of one more request. */
const costOf = ({ inFlight, slowness }: Candidate) => (inFlight + 1) * slowness;
