import http, { type ClientRequest } from 'node:http';
import net, { isIP, isIPv6, type Socket } from 'node:net';
import tls, { type ConnectionOptions } from 'node:tls';
import { shadowInherited } from '../prototype-pollution.js';
import { credentialsOf } from '../url-credentials.js';
import type { SocketTarget } from './owned-agent.js';

/** Where a tunnel leads, with the TLS options for it. */
export interface TunnelTarget extends SocketTarget {
  /** Bytes that the head of the proxy's answer may have; undefined: Node's limit. */
  readonly maxHeaderSize?: number;
}

/**
 * Opens a tunnel through a proxy with CONNECT (RFC 9110 §9.3.6) and starts TLS with the target in it. Whatever else the proxy answers is no
 * answer of the target's: nobody has vouched for it.
 * @param signal whether anybody still waits for it
 * @throws what the socket or Node's parser fails with, or ERR_PROXY_TUNNEL where the proxy refuses, with its answer's `status`
 */
export function openTunnel(proxy: URL, target: TunnelTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const connecting = connectRequest(proxy, target, signal);
    connecting.on('error', reject);
    connecting.once('connect', ({ statusCode = 0 }, socket, head) => {
      const isOpen = statusCode >= 200 && statusCode < 300;
      if (isOpen && head.length === 0) {
        resolve(tls.connect(shadowInherited({ ...(target as ConnectionOptions), socket }))); // the host is for the certificate
        return;
      }
      socket.destroy();
      // In TLS the client speaks first: the target cannot have sent it.
      reject(isOpen ? tunnelError('more than an answer') : tunnelError(`status ${statusCode}`, statusCode));
    });
    connecting.end();
  });
}

/** Made without `http.request`, so that what observes an app's calls there takes it for none, and adds no header of theirs. */
function connectRequest(proxy: URL, { host, port, maxHeaderSize }: TunnelTarget, signal: AbortSignal): ClientRequest {
  const authority = `${isIPv6(host!) ? `[${host}]` : host}:${port}`;
  const credentials = credentialsOf(proxy);
  return new http.ClientRequest(
    shadowInherited({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        connection: 'keep-alive',
        'proxy-connection': 'keep-alive', // for proxies that are older than RFC 9112, as curl and browsers have it
        ...(credentials && { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
      maxHeaderSize,
      signal,
      createConnection: () => connectTo(proxy),
    }),
  );
}

function connectTo({ protocol, hostname, port }: URL): Socket {
  const isSecure = protocol === 'https:';
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  const options = { host, port: Number(port || (isSecure ? 443 : 80)), keepAlive: true, noDelay: true };
  if (!isSecure) return net.connect(shadowInherited(options));
  const servername = isIP(host) ? '' : host;
  return tls.connect(shadowInherited({ ...options, servername, ALPNProtocols: ['http/1.1'] }));
}

function tunnelError(answer: string, status?: number): Error {
  const error = new Error(`the proxy answered CONNECT with ${answer}`);
  return Object.assign(error, { code: 'ERR_PROXY_TUNNEL', ...(status !== undefined && { status }) }); // as Node names it
}
