import type { AxiosResponse } from 'axios';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { HttpAttributes } from './http-attributes.js';

/** Whom a request was really sent to, which may be a proxy, and in which version, as far as that is known. */
export function peerAttributes(response: AxiosResponse | undefined, error: unknown): HttpAttributes {
  const attributes: HttpAttributes = {};
  const request = (response?.request ?? (error as { request?: unknown } | undefined)?.request) as
    (Partial<ClientRequest> & { res?: IncomingMessage }) | null | undefined;
  const { remoteAddress, remotePort } = request?.socket ?? {};
  if (remoteAddress !== undefined) attributes['network.peer.address'] = remoteAddress;
  if (remotePort !== undefined) attributes['network.peer.port'] = remotePort;
  const version = request?.res?.httpVersion;
  if (version) attributes['network.protocol.version'] = version;
  return attributes;
}
