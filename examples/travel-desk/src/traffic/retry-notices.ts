import { Injectable } from '@nestjs/common';
import type { RetryEvent } from 'nest-outbound';
import { Subject } from 'rxjs';
import { OriginLabels } from './origin-labels.js';
import type { RetryNotice } from './traffic.dto.js';

/** News of calls that are made again. */
@Injectable()
export class RetryNotices {
  readonly #all = new Subject<RetryNotice>();
  readonly all = this.#all.asObservable();
  /** Client → how many there were. */
  readonly #counts = new Map<string, number>();

  constructor(private readonly labels: OriginLabels) {}

  /** How many there were since the start. */
  countOf(client: string): number {
    return this.#counts.get(client) ?? 0;
  }

  /** What a client's `retry.onRetry` is told. */
  readonly of =
    (client: string) =>
    ({ origin, attempt, attempts, delayMs }: RetryEvent): void => {
      this.#counts.set(client, this.countOf(client) + 1);
      this.#all.next({
        at: new Date().toISOString(),
        client,
        origin,
        label: this.labels.of(origin),
        attempt,
        outcome: attempts.at(-1)!.outcome,
        delayMs: Math.round(delayMs),
      });
    };
}
