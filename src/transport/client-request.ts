import http from 'node:http';
import https from 'node:https';
import { ORIGIN } from '../pool/agent-names.js';
import { isPolluted, shadowInherited } from '../prototype-pollution.js';
import type { RequestHeaders } from './request-headers.js';
import type { RequestTarget } from './request-target.js';
import { NODE_MAX_HEADER_BYTES } from './response-headers.js';
import type { StreamedBody } from './streamed-body.js';

/** One request as it goes on the wire. */
export interface ExchangeRequest {
  readonly target: RequestTarget;
  readonly method: string;
  readonly headers: RequestHeaders;
  /** `user:password` for basic authentication; empty for none. */
  readonly auth: string;
  readonly family: number | undefined;
  readonly body: Buffer | StreamedBody | undefined;
}

type RequestOptions = http.RequestOptions & { [ORIGIN]?: string };

/**
 * Node's request, its body to come.
 * @param maxHeaderBytes what its response may have
 * @throws Node's error where it refuses what it is given
 */
export function clientRequest(
  { target, method, headers, auth, family }: ExchangeRequest,
  agent: http.Agent,
  maxHeaderBytes: number,
): http.ClientRequest {
  const { request } = target.secure ? https : http;
  const options: RequestOptions = { agent, hostname: target.hostname, path: target.path, method, headers };
  // Node copies them three times, so what is not needed is left out.
  if (target.port) options.port = target.port;
  if (target.socketPath) options.socketPath = target.socketPath;
  if (auth) options.auth = auth;
  if (family !== undefined) options.family = family;
  if (target.secure) options[ORIGIN] = target.origin;
  if (maxHeaderBytes !== NODE_MAX_HEADER_BYTES) options.maxHeaderSize = maxHeaderBytes;
  if (isPolluted()) shadowInherited(options);
  return request(options);
}
