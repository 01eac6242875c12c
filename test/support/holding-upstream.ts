import type { ServerResponse } from 'node:http';
import { startUpstream, type Upstream } from './upstream.js';

export interface HoldingUpstream extends AsyncDisposable {
  readonly upstream: Upstream;
  /** Resolves when as many calls as expected are held. */
  readonly allHeld: Promise<void>;
  /** Answers the calls that are held. */
  release(): void;
}

/** An upstream that holds its calls until told to answer them; `/second` it answers at once. */
export async function startHoldingUpstream(expected: number): Promise<HoldingUpstream> {
  const held: ServerResponse[] = [];
  let resolve!: () => void;
  const allHeld = new Promise<void>((settle) => (resolve = settle));
  const upstream = await startUpstream((request, response) => {
    if (request.url === '/second') response.end();
    else if (held.push(response) === expected) resolve();
  });
  return {
    upstream,
    allHeld,
    release() {
      for (const response of held) response.end();
    },
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  };
}
