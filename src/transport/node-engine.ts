import http from 'node:http';
import https from 'node:https';
import { isPolluted, shadowInherited } from '../base/prototype-pollution.js';
import { ORIGIN, type SocketWish } from '../pool/fast-lane.js';
import type { Engine, WireListener } from './engine.js';
import { chooseSocket, type ExchangeRequest, type SocketOptions } from './request.js';
import { NODE_MAX_HEADER_BYTES } from './response-headers.js';

/** On a request: whom to tell of it, until it is over. The listeners are the same for all requests. */
const LISTENER = Symbol('listener');
type OwnRequest = http.ClientRequest & { [LISTENER]?: WireListener | undefined };

function onResponse(this: OwnRequest, response: http.IncomingMessage): void {
  this[LISTENER]?.responded(response);
}

/** Also of a request that is over, whose errors are of no interest any more. */
function onError(this: OwnRequest, error: unknown): void {
  this[LISTENER]?.fail(error);
}

function onClose(this: OwnRequest): void {
  this[LISTENER]?.closed();
}

/**
 * Node's request, its body to come.
 * @param maxHeaderBytes what its response may have
 * @param wish which socket it is for; undefined: any to the target
 * @throws Node's error where it refuses what it is given
 */
function clientRequest(
  { target, method, headers, auth, family }: ExchangeRequest,
  agent: http.Agent,
  maxHeaderBytes: number,
  wish?: SocketWish,
): http.ClientRequest {
  const { request } = target.secure ? https : http;
  const options: SocketOptions = { agent, hostname: target.hostname, path: target.path, method, headers };
  // Node copies them three times, so what is not needed is left out.
  if (target.port) options.port = target.port;
  if (target.socketPath) options.socketPath = target.socketPath;
  if (auth) options.auth = auth;
  if (family !== undefined) options.family = family;
  if (!target.socketPath) options[ORIGIN] = target.origin;
  if (wish) chooseSocket(options, wish);
  if (maxHeaderBytes !== NODE_MAX_HEADER_BYTES) options.maxHeaderSize = maxHeaderBytes;
  if (isPolluted()) shadowInherited(options);
  return request(options);
}

/** The engine that is the default: Node's own HTTP/1.1. It carries every request. */
export const nodeEngine: Engine = {
  sockets: undefined,
  loading: undefined,
  carries: () => true,
  send(sent, agent, listener, maxHeaderBytes, wish) {
    const request = clientRequest(sent, agent, maxHeaderBytes, wish) as OwnRequest;
    request[LISTENER] = listener;
    if (!request.reusedSocket) request.on('socket', (socket) => listener.onSocket(socket));
    request.on('response', onResponse);
    request.on('error', onError);
    request.on('close', onClose);
    return request;
  },
  forget(request) {
    (request as OwnRequest)[LISTENER] = undefined;
  },
};
