import { type AxiosError } from 'axios';
import type { GatherEntry } from 'nest-outbound';
import { ResponseInvalidError } from 'nest-outbound/contracts';
import type { MissingAirline, MissingReason } from './fares.dto.js';

type Missed = Extract<GatherEntry<unknown>, { status: 'missed' }>;
type Reason = Pick<MissingAirline, 'reason' | 'detail'>;

/** Code of what the client itself refused → in words. */
const REFUSALS: Readonly<Record<string, string>> = {
  ERR_CIRCUIT_OPEN: 'failed too often lately: left alone for a while',
  ERR_RATE_LIMIT: 'its quota is used up for now',
  ERR_CONCURRENCY_LIMIT: 'too many calls to it wait already',
  ERR_POOL_QUEUE_FULL: 'too many calls to it wait already',
  ERR_POOL_TIMEOUT: 'no socket became free in time',
  ERR_CLIENT_CLOSED: 'the desk is shutting down',
};

/** In words and in codes, why an airline is not among those that answered. */
export function missingAirline(
  { code: airline, name: airlineName }: { readonly code: string; readonly name: string },
  { reason, error, durationMs }: Missed,
): MissingAirline {
  const { code = null, response, attempts = [] } = (error ?? {}) as Partial<AxiosError>;
  return {
    airline,
    airlineName,
    ...(reason === 'failed' ? reasonOf(error, attempts.length) : late),
    code,
    status: response?.status ?? null,
    attempts: attempts.length,
    durationMs: Math.round(durationMs),
  };
}

const late: Reason = { reason: 'deadline', detail: 'had not answered when the search was over' };

function reasonOf(error: unknown, attempts: number): Reason {
  if (error instanceof ResponseInvalidError)
    return because('invalid', 'the answer is not in the shape that this API has');
  const { code = '', response } = error as Partial<AxiosError>;
  if (code === 'ERR_DEADLINE_EXCEEDED') return late;
  if (code in REFUSALS) return because('refused', REFUSALS[code]!);
  const times = attempts > 1 ? `, ${attempts} times` : '';
  if (response) return because('failed', `answered with status ${response.status}${times}`);
  return because('failed', `could not be called (${code || 'unknown error'})${times}`);
}

const because = (reason: MissingReason, detail: string): Reason => ({ reason, detail });
