import type { AxiosResponse } from 'axios';
import type { AirlineAnswer, AnswerCache, Fare } from './fares.dto.js';

/** What one airline has answered with. */
export interface FoundFares {
  readonly fares: readonly Fare[];
  /** As its response says; undefined: the client has no cache. */
  readonly cache: AxiosResponse['cache'];
}

/** In words and in numbers, where the fares of an airline come from. */
export function answerOf(
  { code, name }: { readonly code: string; readonly name: string },
  { fares, cache }: FoundFares,
  durationMs: number,
): AirlineAnswer {
  const known = cache ? { status: cache.status, ageMs: Math.round(cache.ageMs) } : null;
  return {
    airline: code,
    airlineName: name,
    durationMs: Math.round(durationMs),
    cache: known,
    detail: `${fares.length} fare${fares.length === 1 ? '' : 's'}${known ? sourceOf(known) : ''}`,
  };
}

const WORDS: Readonly<Record<AnswerCache['status'], (age: string) => string>> = {
  miss: () => '',
  hit: (age) => `, from the cache, ${age} old`,
  stale: (age) => `, from the cache, stale, ${age} old`,
  revalidated: () => ', unchanged (304)',
};

const sourceOf = ({ status, ageMs }: AnswerCache): string => WORDS[status](`${Math.floor(ageMs / 1_000)} s`);
