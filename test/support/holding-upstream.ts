import { hold, startUpstream, status, type Upstream } from '../../src/testing/index.js';

export interface HoldingUpstream extends AsyncDisposable {
  readonly upstream: Upstream;
  /** Resolves when as many calls as expected are held. */
  readonly allHeld: Promise<void>;
  /** Answers the calls that are held. */
  release(): void;
}

/** An upstream that holds its calls until told to answer them; `/second` it answers at once. */
export async function startHoldingUpstream(expected: number): Promise<HoldingUpstream> {
  const upstream = await startUpstream();
  const held = hold(status(200));
  upstream.on('*', held).on('/second', status(200));
  return {
    upstream,
    allHeld: held.arrived(expected),
    release: () => held.release(),
    [Symbol.asyncDispose]: () => upstream.close(),
  };
}
