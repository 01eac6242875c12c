import type { AxiosResponse } from 'axios';
import type { Agent } from 'node:http';
import { noteAnswer, noteFailure, timeError } from '../call/annotate.js';
import type { Call, Handler } from '../call/call.js';
import type { EventSink } from '../call/event-sink.js';
import { responseOf } from '../call/outcome.js';
import { isDelegated, requestTarget, type RequestTarget } from '../call/target.js';
import { concealError } from '../errors/redact-error.js';
import { AddressBlockedError } from '../errors/refusal.errors.js';
import { unguardedSetting } from '../guard/address-guard.js';
import type { ConnectionPool } from '../pool/connection-pool.js';
import { leave, type Opened, openExchange, type OpenSettings, type Trace } from './attempt.js';
import { callSettings, type TimedSettings } from './call-settings.js';
import { publishRedirect } from './events.js';
import { proxyFinder, type ProxyFinder } from './proxies.js';
import { redirectedRequest, type RedirectSettings, tooManyRedirects } from './redirects.js';
import { type ExchangeRequest, firstRequest } from './request.js';
import { asAxiosError, deliver, type DeliverSettings } from './response.js';
import { routedDelegate, type RoutedDelegateSettings } from './routed-adapter.js';
import { StreamedBody } from './streamed-body.js';

export interface NativeTransportSettings extends OpenSettings, DeliverSettings, RedirectSettings, TimedSettings {
  /** The client's own `proxy`, which its calls have unless they set another. */
  readonly ownProxy?: URL | undefined;
  readonly events: EventSink;
}

/**
 * The end of the stack: what axios's http adapter does, straight on `node:http` and the pool's agents, with every phase
 * timed. What it leaves to axios's adapter is in `isDelegated`. With a guard, it refuses settings that would go around that.
 * @param routing another way than through the pool
 */
export function nativeTransport(settings: NativeTransportSettings, routing: Routing = poolRouting(settings)): Handler {
  const { viaAxios } = routing;
  const { ownProxy, pool } = settings;
  const { guard } = pool;
  const send = (call: Call, trace: Trace): Promise<AxiosResponse> => {
    const { config } = call;
    if (guard) {
      const setting = unguardedSetting(config, ownProxy);
      if (setting !== undefined) throw AddressBlockedError.bySetting(call, setting);
    }
    if (isDelegated(config)) return viaAxios(call);
    const target = requestTarget(config);
    if (!target) return viaAxios(call); // it has the error for a scheme other than http and https
    const first = firstRequest(call, target);
    const follow = (request: ExchangeRequest) =>
      sendAndFollow(request, call, trace, callSettings(settings, call), routing);
    return first instanceof Promise ? first.then(follow) : follow(first);
  };
  return async (call) => {
    const trace: Trace = { exchange: undefined };
    try {
      const response = await send(call, trace);
      if (response.request) call.journal.hasAnswer = true; // that of a data: URL has none
      return noteAnswer(response, call);
    } catch (thrown) {
      if (responseOf(thrown)) call.journal.hasAnswer = true;
      const error = asAxiosError(thrown, call);
      // Here, where they come from: layers may show them to somebody, as `onRetry` does.
      timeError(error, call, settings.clock, trace.exchange?.timings);
      noteFailure(error, call);
      concealError(error, { rules: settings.rules, clientName: call.clientName, config: call.config });
      throw error;
    }
  };
}

/** Sends a request, and what it is redirected to. */
async function sendAndFollow(
  first: ExchangeRequest,
  call: Call,
  trace: Trace,
  settings: NativeTransportSettings,
  routing: Routing,
): Promise<AxiosResponse> {
  const { config } = call;
  const maxRedirects = config.maxRedirects ?? settings.redirects.max;
  let request = first;
  let redirect: Opened | undefined;
  let current: Opened | undefined;
  try {
    for (let redirects = 0; ; redirects++) {
      // oxlint-disable-next-line no-await-in-loop -- each hop is known from the one before
      const opened = await openExchange(request, call, trace, settings, routing, redirect);
      if (redirect) void leave(redirect);
      current = opened;
      const next = maxRedirects > 0 ? redirectedRequest(request, opened, call, settings) : undefined;
      if (!next) {
        current = undefined;
        return deliver(opened, request, call, settings);
      }
      redirect = opened;
      current = undefined;
      if (redirects >= maxRedirects) throw tooManyRedirects(config, opened.exchange.request);
      publishRedirect(settings.events, call, opened.response.statusCode!, next.target.origin);
      request = next;
    }
  } catch (error) {
    current?.exchange.abandon(); // no redirect of it was found for what it was asked with
    if (redirect) void leave(redirect);
    if (first.body instanceof StreamedBody) first.body.destroy();
    throw error;
  }
}

/** Which way requests go. */
export interface Routing {
  readonly findProxy: ProxyFinder;
  /** @param proxy what `findProxy` has for the target */
  agentFor(target: RequestTarget, proxy: URL | undefined): Agent;
  /** Carries what is left to axios's own adapter. */
  readonly viaAxios: Handler;
}

/** Through the sockets of the pool, and the proxies of the environment. */
export function poolRouting(settings: RoutedDelegateSettings & Pick<NativeTransportSettings, 'ownProxy'>): Routing {
  const { pool, ownProxy = null } = settings;
  const findProxy = proxyFinder(process.env, pool.guard ? ownProxy : undefined);
  return {
    findProxy,
    agentFor: ({ secure }, proxy) => pooledAgent(secure, proxy, pool),
    viaAxios: routedDelegate(settings, findProxy),
  };
}

/** A proxy forwards http, and opens tunnels for https. */
function pooledAgent(toSecure: boolean, proxy: URL | undefined, pool: ConnectionPool): Agent {
  if (proxy) return toSecure ? pool.tunnelAgent(proxy) : pool.proxyAgent(proxy.protocol === 'https:');
  return toSecure ? pool.httpsAgent : pool.httpAgent;
}
