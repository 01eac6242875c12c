import type { AgentConnectOpts } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import type { ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { shadowInherited } from '../prototype-pollution.js';

/** Request → what ends the tunnel that is being opened for it. */
const opening = new WeakMap<ClientRequest, AbortController>();

/**
 * Opens a tunnel through a proxy with CONNECT (RFC 9110 §9.3.6) and starts TLS with the target in it.
 * @param request whom the tunnel is for
 * @param target where the tunnel leads, and its TLS options
 * @throws what the socket fails with, or ERR_PROXY_TUNNEL for an answer that is none
 */
export async function openTunnel(proxy: URL, request: ClientRequest, target: object): Promise<Duplex> {
  const controller = new AbortController();
  opening.set(request, controller);
  const agent = new HttpsProxyAgent(proxy, shadowInherited({ keepAlive: true, signal: controller.signal }));
  try {
    return await agent.connect(request, { ...target, secureEndpoint: true } as AgentConnectOpts);
  } catch (error) {
    const code = 'ERR_PROXY_TUNNEL'; // as Node names it
    throw error instanceof Error && !('code' in error) ? Object.assign(error, { code }) : error;
  } finally {
    opening.delete(request);
  }
}

/** Ends the tunnel that is being opened for a request: a proxy that does not answer would keep its socket for ever. */
export function abandonTunnel(request: ClientRequest): void {
  opening.get(request)?.abort();
}
