import type { Clock } from '../base/clock.js';
import { timeLimit } from '../base/time-limit.js';

/** Redis did not answer in time. */
export class RedisTimeout extends Error {
  /** The name of the class. */
  override readonly name = 'RedisTimeout';

  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/**
 * Waits for an answer of Redis, but not for longer than `ms`: a client without a connection keeps commands in a queue of its own. An answer
 * that comes later counts no more, but it means that Redis did what it was asked to.
 * @param ask sends the command; may throw
 * @param late called with an answer that came too late
 * @throws RedisTimeout; what `ask` throws or rejects with
 */
export function withinMs<Answer>(
  clock: Clock,
  ms: number,
  ask: () => Promise<Answer>,
  late?: (answer: Answer) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = timeLimit(clock, ms, () => {
      isOver = true;
      reject(new RedisTimeout(ms));
    });
    const failed = (error: unknown) => {
      end();
      reject(error); // oxlint-disable-line prefer-promise-reject-errors -- whatever it is
    };
    let answer: Promise<Answer>;
    try {
      answer = ask();
    } catch (error) {
      failed(error);
      return;
    }
    answer.then((value) => {
      end();
      if (isOver) late?.(value);
      else resolve(value);
    }, failed);
  });
}
