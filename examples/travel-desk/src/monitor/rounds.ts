import type { MonitorSummary } from './monitor.dto.js';

/** How the rounds go: everything of the summary but what the pings found. */
export type RoundsView = Omit<MonitorSummary, 'states'>;

/** Whoever has the endpoints pinged, round by round: this process alone, or all that share a Redis. */
export abstract class Rounds {
  abstract view(): RoundsView;
}
