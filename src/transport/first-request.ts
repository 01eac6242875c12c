import type { AxiosBasicCredentials } from 'axios';
import type { Call } from '../layers/layer.js';
import type { ExchangeRequest } from './client-request.js';
import { inSlices, isInMemory, requestBody } from './request-body.js';
import { requestHeaders, type RequestHeaders } from './request-headers.js';
import type { RequestTarget } from './request-target.js';
import { streamedRequestBody } from './streamed-request-body.js';

/**
 * The request that a call asks for: a promise where its body takes time to prepare.
 * @throws AxiosError for a body or headers that cannot be sent
 */
export function firstRequest(call: Call, target: RequestTarget): ExchangeRequest | Promise<ExchangeRequest> {
  return isInMemory(call.config.data) ? requestWithBytes(call, target) : requestWithStream(call, target);
}

function requestWithBytes(call: Call, target: RequestTarget): ExchangeRequest {
  const { config } = call;
  const body = requestBody(config);
  const headers = requestHeaders(config.headers, body?.length, config);
  return requestWith(headers, body && inSlices(body, call), call, target);
}

async function requestWithStream(call: Call, target: RequestTarget): Promise<ExchangeRequest> {
  const streamed = await streamedRequestBody(call);
  if (!streamed) return requestWithBytes(call, target); // it has the error for what is neither
  const headers = requestHeaders(streamed.headers, 'unknown', call.config);
  return requestWith(headers, streamed.body, call, target);
}

function requestWith(
  headers: RequestHeaders,
  body: ExchangeRequest['body'],
  { config, method }: Call,
  target: RequestTarget,
): ExchangeRequest {
  const auth = config.auth ? `${own(config.auth, 'username')}:${own(config.auth, 'password')}` : target.credentials;
  if (auth) for (const name of Object.keys(headers)) if (name.toLowerCase() === 'authorization') delete headers[name];
  return { target, method, headers, auth, family: config.family, body };
}

/** Not what somebody has put on `Object.prototype`, which only looks like a part of it. */
function own(auth: Partial<AxiosBasicCredentials>, name: keyof AxiosBasicCredentials): string {
  return (Object.hasOwn(auth, name) && auth[name]) || '';
}
