import { itKeepsTheLayerContract } from '../../test/support/layer-contract.js';
import type { Layer } from '../call/call.js';
import { InboundScope, runInScope } from '../inbound/context.js';
import { inboundContext } from '../inbound/layer.js';
import { RESILIENCE_DEFAULTS } from '../options/resolve-resilience.js';
import { attemptEvents, callEvents } from './call-events.js';
import { coalesce } from './coalesce/coalesce.js';
import { deadline, deadlineHeader } from './deadline.js';
import { hedge } from './hedge.js';
import { retry } from './retry/retry.js';

const to = new Set<string>();
/** As a middleware does, which the call then comes from. */
const inbound = (layer: Layer, scope: InboundScope): Layer => {
  return (next) => {
    const handle = layer(next);
    return (call) => new Promise((resolve, reject) => runInScope(scope, () => void handle(call).then(resolve, reject)));
  };
};

// The other layers have it in specs of their own.
itKeepsTheLayerContract('deadline', ({ clock }) => deadline({ deadlineMs: 60_000, clock }));
itKeepsTheLayerContract('hedge', (context) => hedge(RESILIENCE_DEFAULTS.hedge, { ...context, budgets: undefined }));
itKeepsTheLayerContract('deadlineHeader', ({ clock }) => deadlineHeader({ header: 'x-deadline', to }, clock));
itKeepsTheLayerContract('inboundContext outside of a request', () => inboundContext({ forwardTo: to }));
itKeepsTheLayerContract('inboundContext within a request', ({ clock }) =>
  inbound(inboundContext({ forwardTo: to }), new InboundScope({ isOver: false, headers: {} }, 60_000, clock)),
);
itKeepsTheLayerContract(
  'retry',
  (context) => retry(RESILIENCE_DEFAULTS.retry, { ...context, now: () => 0, budgets: undefined }),
  { marksErrors: true },
);
itKeepsTheLayerContract('coalesce', () => coalesce(), { copies: true });
itKeepsTheLayerContract('callEvents', (context) => callEvents(context), { publishes: ['call:start', 'call:end'] });
itKeepsTheLayerContract('attemptEvents', (context) => attemptEvents(context), {
  publishes: ['attempt:start', 'attempt:end'],
});
