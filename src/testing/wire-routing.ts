import { type Call, deriveCall, type Handler } from '../call/call.js';
import { type BeforeRedirect, judgedTarget } from '../transport/adapter-redirects.js';
import { delegate } from '../transport/axios-adapter.js';
import { blockedError } from '../transport/guarded-target.js';
import type { NativeTransportSettings, Routing } from '../transport/transport.js';
import type { Wire } from './wire.js';

export interface WireRoutingSettings {
  readonly transport: NativeTransportSettings;
  readonly wire: Wire;
  /** The way to where it may go. */
  readonly network: Routing;
  /** Whether requests to an origin go there, rather than on the wire. */
  readonly passes: (origin: string) => boolean;
}

/** Has each request of a call, those it is redirected to included, go on the wire, but for origins that pass. */
export function wireRouting({ transport, wire, network, passes }: WireRoutingSettings, call: Call): Routing {
  const agents = wire.agentsFor(call, transport);
  return {
    findProxy: (config, target) => (passes(target.origin) ? network.findProxy(config, target) : undefined),
    agentFor: (target, proxy, sockets) => {
      if (passes(target.origin)) return network.agentFor(target, proxy, sockets);
      return target.secure ? agents.httpsAgent : agents.httpAgent;
    },
    ...(network.wayTo && {
      wayTo: (target, proxy) => (passes(target.origin) ? network.wayTo!(target, proxy) : undefined),
    }),
    viaAxios: passes(call.origin) ? staying(network.viaAxios, passes) : wired(transport, agents),
  };
}

/** Leaves nothing to the call that would lead past the wire. */
function wired({ pool, ...settings }: NativeTransportSettings, agents: ReturnType<Wire['agentsFor']>): Handler {
  const { slots, silent, maxQueued, closing, guard } = pool;
  const route = { ...agents, proxy: false, httpVersion: 1, lookup: undefined, transport: undefined } as const;
  const onWire = { ...settings, pool: { ...agents, slots, silent, maxQueued, closing } };
  if (!guard) return delegate(onWire, route);
  return async (call) => {
    const own = call.config.beforeRedirect;
    const beforeRedirect: BeforeRedirect = (options, ...details) => void judgedTarget(guard, options, own, details);
    try {
      return await delegate(onWire, { ...route, beforeRedirect })(call);
    } catch (error) {
      throw blockedError(error, call) ?? error;
    }
  };
}

/** axios follows redirects itself: one to somewhere else must not reach the network. */
function staying(viaAxios: Handler, passes: (origin: string) => boolean): Handler {
  return (call) => {
    const { beforeRedirect, ...config } = call.config;
    const judge: NonNullable<typeof beforeRedirect> = (options, ...details) => {
      beforeRedirect?.(options, ...details);
      const { origin } = new URL(options['href'] as string);
      if (!passes(origin)) throw new Error(`redirected to ${origin}, which is not in passThrough`);
    };
    return viaAxios(deriveCall(call, { config: { ...config, beforeRedirect: judge } }));
  };
}
