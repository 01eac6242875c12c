import type { LogLevel } from '@nestjs/common';
import { OriginMap } from '../../base/origin-map.js';

interface Repeated {
  lastAt: number;
  heldBack: number;
  level: LogLevel;
}

/** Holds lines back that were written a moment ago. Knows the 1,000 written last; does no I/O, time is passed in. */
export class RepeatedLines {
  readonly #afterMs: number;
  readonly #lines = new OriginMap<Repeated>(() => ({ lastAt: -Infinity, heldBack: 0, level: 'log' }));

  /** @param afterMs how long; 0: none is held back */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** @returns how many were held back since the last, where the line is to be written; undefined where it is not */
  seen(line: string, level: LogLevel, now: number): number | undefined {
    const repeated = this.#lines.get(line);
    repeated.level = level;
    if (now - repeated.lastAt < this.#afterMs) {
      repeated.heldBack++;
      return undefined;
    }
    const { heldBack } = repeated;
    repeated.lastAt = now;
    repeated.heldBack = 0;
    return heldBack;
  }

  /** Those that were held back and never told of. Forgets them. */
  *leftOver(): Generator<readonly [level: LogLevel, line: string, heldBack: number]> {
    for (const [line, repeated] of this.#lines.entries()) {
      if (repeated.heldBack > 0) yield [repeated.level, line, repeated.heldBack];
      repeated.heldBack = 0;
    }
  }
}
