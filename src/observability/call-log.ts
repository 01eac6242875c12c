import type { LogLevel } from '@nestjs/common';
import { type AxiosError, isCancel } from 'axios';
import { inspect } from 'node:util';
import type { Clock } from '../clock.js';
import { responseOf } from '../layers/response-of.js';
import type { LoggingSettings } from '../options/resolve-logging.js';
import { outcomeName } from '../policies/transience.js';
import type { CallEndEvent } from './events.js';
import { type FailedPhase, failedPhase } from './failed-phase.js';
import type { HttpClientEvents } from './http-client-events.js';
import { RepeatedLines } from './repeated-lines.js';

/**
 * Writes a line about each call that fails, and each that is slow, as `settings` say.
 * @returns ends it, and tells of the lines that were held back
 */
export function logCalls(
  events: HttpClientEvents,
  { failedCalls, slowCalls, repeatAfterMs }: LoggingSettings,
  clock: Clock,
  write: (level: LogLevel, line: string, ...fields: object[]) => void,
): () => void {
  const lines = new RepeatedLines(repeatAfterMs || 0);
  const tell = (level: LogLevel, event: CallEndEvent, outcome: string, phase?: FailedPhase) => {
    const { client, method, origin, urlTemplate = '' } = event;
    const about = `Client "${client}": ${method} ${origin}${urlTemplate} ${outcome}`;
    const heldBack = lines.seen(about, clock.now());
    if (heldBack !== undefined)
      write(level, `${about}, ${summary(event)}${more(heldBack)}`, fieldsOf(event, phase, heldBack));
  };
  const ends: (() => void)[] = [];
  if (failedCalls) {
    const failed = events.on('call:fail', (event) => {
      // What was given up, by its caller or with the inbound request, has not failed.
      if (isCancel(event.error)) return;
      const outcome = outcomeOf(event.error);
      const phase = failedPhase(outcome, event);
      tell(failedCalls, event, `failed: ${described(outcome, phase)}`, phase);
    });
    ends.push(failed);
  }
  if (slowCalls) {
    const over = events.on('call:end', (event) => {
      if (event.error === undefined && event.durationMs > slowCalls.afterMs) tell(slowCalls.level, event, 'was slow');
    });
    ends.push(over);
  }
  return () => {
    for (const end of ends) end();
    for (const [line, count] of lines.leftOver()) write(failedCalls || 'warn', `${line}; ${count} more`);
  };
}

function outcomeOf(error: unknown): number | string {
  const response = responseOf(error);
  return outcomeName({ error, ...(response && { response }) });
}

function described(outcome: number | string, phase: FailedPhase | undefined): string {
  if (typeof outcome === 'number') return `status ${outcome}`;
  return phase === undefined ? outcome : `${outcome} (${phase})`;
}

function summary({ durationMs, requests }: CallEndEvent): string {
  return `${requests > 1 ? `after ${requests} requests, ` : ''}in ${Math.round(durationMs)} ms`;
}

const more = (heldBack: number) => (heldBack > 0 ? `; ${heldBack} more since the last such line` : '');

/** For loggers that write JSON; for those that write text it prints nothing, since the line says it all. */
function fieldsOf(event: CallEndEvent, phase: FailedPhase | undefined, heldBack: number): object {
  const { client, method, origin, urlTemplate, status, error, requests, durationMs } = event;
  const { code } = (error ?? {}) as Partial<AxiosError>;
  const call = { client, method, origin, urlTemplate, status, code, phase, requests };
  const counts = { durationMs: Math.round(durationMs), ...(heldBack > 0 && { heldBack }) };
  return { ...call, ...counts, [inspect.custom]: () => '' };
}
