import { ConflictException, Injectable, type OnModuleDestroy, ServiceUnavailableException } from '@nestjs/common';
import { compare } from './comparison-run.js';
import type { Comparison, ComparisonQuery } from './comparison.dto.js';

/** Far longer than a comparison takes: what hangs is no outcome. */
const AT_MOST_MS = 120_000;

export const UNDER_WAY = 'a comparison is under way; ask again when it is over';
export const SHUTTING_DOWN = 'the app is shutting down';

/** One comparison at a time, none once the app drains. */
@Injectable()
export class ComparisonService implements OnModuleDestroy {
  readonly #closing = new AbortController();
  #isRunning = false;

  /** @throws ConflictException, ServiceUnavailableException */
  async run(query: ComparisonQuery): Promise<Comparison> {
    if (this.#closing.signal.aborted) throw new ServiceUnavailableException(SHUTTING_DOWN);
    if (this.#isRunning) throw new ConflictException(UNDER_WAY);
    this.#isRunning = true;
    try {
      return await compare(query, AbortSignal.any([this.#closing.signal, AbortSignal.timeout(AT_MOST_MS)]));
    } catch (error) {
      const message = this.#closing.signal.aborted
        ? SHUTTING_DOWN
        : `the comparison broke off: ${(error as Error).message}`;
      throw new ServiceUnavailableException(message, { cause: error });
    } finally {
      this.#isRunning = false;
    }
  }

  onModuleDestroy(): void {
    this.#closing.abort();
  }
}
