import { pathPattern } from './path-pattern.js';
import { listOf, type UpstreamRequest } from './upstream-request.js';

interface Waiter {
  readonly check: () => void;
  readonly fail: () => void;
}

/** What an upstream has received, and who waits for more. */
export class RequestLog {
  /** In the order in which their heads came. */
  readonly #requests: UpstreamRequest[] = [];
  /** Those that have come in whole, in the order of their ends. */
  readonly #whole: UpstreamRequest[] = [];
  readonly #waiters = new Set<Waiter>();
  #isClosed = false;

  add(request: UpstreamRequest): void {
    this.#requests.push(request);
  }

  complete(request: UpstreamRequest): void {
    this.#whole.push(request);
    for (const { check } of this.#waiters) check();
  }

  list(pattern = '*'): readonly UpstreamRequest[] {
    return matching(this.#requests, pattern);
  }

  /** @returns the request that is number `count` of those that match, once it has come in whole */
  received(pattern: string, count: number): Promise<UpstreamRequest> {
    const received = new Promise<UpstreamRequest>((resolve, reject) => {
      const waiter: Waiter = {
        check: () => {
          const request = matching(this.#whole, pattern)[count - 1];
          if (!request) return;
          this.#waiters.delete(waiter);
          resolve(request);
        },
        fail: () =>
          reject(new Error(`Closed while ${count} of ${pattern} were waited for. Received: ${listOf(this.#requests)}`)),
      };
      this.#waiters.add(waiter);
      waiter.check();
      if (this.#isClosed) waiter.fail();
    });
    received.catch(() => {}); // a test that has failed elsewhere no longer awaits it
    return received;
  }

  clear(): void {
    this.#requests.length = 0;
    this.#whole.length = 0;
  }

  close(): void {
    this.#isClosed = true;
    for (const { fail } of this.#waiters) fail();
    this.#waiters.clear();
  }
}

function matching(requests: readonly UpstreamRequest[], pattern: string): readonly UpstreamRequest[] {
  const { match } = pathPattern(pattern);
  return requests.filter(({ method, path }) => match(method, path));
}
