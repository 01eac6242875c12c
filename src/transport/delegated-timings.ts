import type { AxiosResponse } from 'axios';
import type { ClientRequest } from 'node:http';
import type { Clock } from '../clock.js';
import type { Call } from '../layers/layer.js';
import { noTimings, rounded, type Timings } from '../observability/timings.js';
import { openingOf, openingTimes } from '../pool/socket-opening.js';
import { onBodyEnd } from './on-body-end.js';

/**
 * The timings of a call that axios's adapter has carried out, as far as they can be told: it says nothing of when what came.
 * @param startedAt when it was given the call
 */
export function delegatedTimings(
  { request, data }: AxiosResponse,
  { journal }: Call,
  clock: Clock,
  startedAt: number,
): Timings {
  const { socket, reusedSocket } = (request ?? {}) as Partial<ClientRequest>;
  const opening = socket && openingOf(socket);
  const timings = {
    ...noTimings(),
    queueMs: rounded(journal.queuedMs),
    ...(opening && openingTimes(opening, startedAt, clock.now())),
    reusedSocket,
  };
  onBodyEnd(data, () => (timings.totalMs = rounded(clock.now() - journal.startedAt)));
  return timings;
}
