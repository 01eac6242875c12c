import type { LogLevel } from '@nestjs/common';
import { type AxiosError, isCancel } from 'axios';
import type { Clock } from '../../base/clock.js';
import type { HttpClientEvents } from '../../call/event-sink.js';
import type { CacheDecisionEvent, CallEndEvent } from '../../call/events.js';
import { responseOf } from '../../call/outcome.js';
import { outcomeName } from '../../call/transience.js';
import type { LoggingSettings } from '../../options/resolve-sections.js';
import { type FailedPhase, failedPhase } from './failed-phase.js';
import { RepeatedLines } from './repeated-lines.js';

/**
 * Writes a line about each call that fails, each that is slow, and each decision of a cache, as `settings` say.
 * @returns ends it, and tells of the lines that were held back
 */
export function logCalls(
  events: HttpClientEvents,
  { failedCalls, clientErrors, slowCalls, cacheDecisions, repeatAfterMs }: LoggingSettings,
  clock: Clock,
  write: (level: LogLevel, line: string, fields?: object) => void,
): () => void {
  const lines = new RepeatedLines(repeatAfterMs || 0);
  const tell = (level: LogLevel, event: CallEndEvent, outcome: string, phase?: FailedPhase) => {
    const about = `${subject(event)} ${outcome}`;
    const heldBack = lines.seen(about, level, clock.now());
    if (heldBack !== undefined)
      write(level, `${about}, ${summary(event)}${more(heldBack)}`, fieldsOf(event, phase, heldBack));
  };
  const ends: (() => void)[] = [];
  if (failedCalls || clientErrors) {
    const failed = events.on('call:fail', (event) => {
      // What was given up, by its caller or with the inbound request, has not failed.
      if (isCancel(event.error)) return;
      const outcome = outcomeOf(event.error);
      const level = isClientError(outcome, event) ? clientErrors : failedCalls;
      if (!level) return;
      const phase = failedPhase(outcome, event);
      tell(level, event, `failed: ${described(outcome, phase)}`, phase);
    });
    ends.push(failed);
  }
  if (slowCalls) {
    const over = events.on('call:end', (event) => {
      if (event.error === undefined && event.durationMs > slowCalls.afterMs) tell(slowCalls.level, event, 'was slow');
    });
    ends.push(over);
  }
  if (cacheDecisions) {
    const decided = events.on('cache:decision', (event) => {
      const line = `${subject(event)} ${event.stored ? 'stored' : 'not stored'}: ${event.reason}`;
      const heldBack = lines.seen(line, cacheDecisions, clock.now());
      if (heldBack !== undefined) write(cacheDecisions, `${line}${more(heldBack)}`, decisionFields(event, heldBack));
    });
    ends.push(decided);
  }
  return () => {
    for (const end of ends) end();
    for (const [level, line, count] of lines.leftOver()) write(level, `${line}; ${count} more`);
  };
}

const subject = ({
  client,
  method,
  origin,
  urlTemplate = '',
}: Pick<CallEndEvent, 'client' | 'method' | 'origin' | 'urlTemplate'>) =>
  `Client "${client}": ${method} ${origin}${urlTemplate}`;

function outcomeOf(error: unknown): number | string {
  const response = responseOf(error);
  return outcomeName({ error, ...(response && { response }) });
}

/** The upstream works, and says that the call was wrong, or asked for what is not there. 408 and 429 tell of the upstream's own state. */
function isClientError(outcome: number | string, { status }: CallEndEvent): boolean {
  // Not so what a proxy says: its status is not the call's.
  if (typeof outcome !== 'number' || outcome !== status) return false;
  return outcome >= 400 && outcome < 500 && outcome !== 408 && outcome !== 429;
}

function described(outcome: number | string, phase: FailedPhase | undefined): string {
  if (typeof outcome === 'number') return `status ${outcome}`;
  return phase === undefined ? outcome : `${outcome} (${phase})`;
}

function summary({ durationMs, requests }: CallEndEvent): string {
  return `${requests > 1 ? `after ${requests} requests, ` : ''}in ${Math.round(durationMs)} ms`;
}

const more = (heldBack: number) => (heldBack > 0 ? `; ${heldBack} more since the last such line` : '');

/** For loggers that write JSON: the line says it all. */
function fieldsOf(event: CallEndEvent, phase: FailedPhase | undefined, heldBack: number): object {
  const { client, method, origin, urlTemplate, status, error, requests, durationMs } = event;
  const { code } = (error ?? {}) as Partial<AxiosError>;
  const call = { client, method, origin, urlTemplate, status, code, phase, requests };
  const counts = { durationMs: Math.round(durationMs), ...(heldBack > 0 && { heldBack }) };
  return { ...call, ...counts };
}

function decisionFields({ client, method, origin, urlTemplate, stored, reason }: CacheDecisionEvent, heldBack: number) {
  return { client, method, origin, urlTemplate, stored, reason, ...(heldBack > 0 && { heldBack }) };
}
