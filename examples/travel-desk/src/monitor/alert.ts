import type { Alert, EndpointState, Ping } from './monitor.dto.js';

/** Whether a ping is news: an endpoint that was not down is, or one that was is not any more. */
export const isAlert = (before: EndpointState, after: EndpointState): boolean =>
  (before === 'down') !== (after === 'down');

/** The news of a ping that `isAlert` holds for. */
export const alertOf = (id: string, { at, state, status, code }: Ping): Alert => ({ at, id, state, status, code });

/** An alert as a line of the log. */
export const alertLine = ({ id, state, status, code }: Alert): string =>
  state === 'down' ? `${id} is down: ${code ?? status}` : `${id} is no longer down: ${state}`;
