/** The value below which a part (0 to 1) of the values lies, by the nearest rank. */
export function quantile(values, part) {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}

export function median(values) {
  const sorted = Float64Array.from(values).toSorted();
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * How a contender's rounds compare with a reference's: the median of the ratios of each round, because what slows the
 * machine down for a while slows both of a round.
 */
export function ratio(values, references) {
  return summary(values.map((value, round) => value / references[round]));
}
