import axios, { AxiosError, AxiosHeaders, type AxiosProxyConfig, CanceledError } from 'axios';
import { ClientRequest } from 'node:http';
import { expect, it } from 'vitest';
import { createCall, deriveCall } from '../call/call.js';
import { ResponseTimeoutError } from '../errors/timeout.errors.js';
import { asAxiosError } from './response.js';

const config = { url: 'http://a.example/', headers: new AxiosHeaders() };
const request = Object.create(ClientRequest.prototype) as ClientRequest;

it('wraps what a request fails with, also where that has no code', () => {
  const call = createCall(config, 'default');
  const failure = new Error('no code');
  const error = asAxiosError(failure, call, request) as AxiosError;
  expect(error).toBeInstanceOf(AxiosError);
  expect([error.message, error.code, error.cause]).toEqual(['no code', undefined, failure]);
  expect([error.config, error.request]).toEqual([config, request]);
});

it('wraps what Node refuses before there is a request, and nothing else', () => {
  const call = createCall(config, 'default');
  const refused = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
  expect(asAxiosError(refused, call)).toMatchObject({ isAxiosError: true, code: 'ERR_INVALID_URL', config });
  const bug = new TypeError('bug');
  expect(asAxiosError(bug, call)).toBe(bug);
  expect(asAxiosError('text', call)).toBe('text');
});

it("gives a layer that has cancelled the call its own error back, and an outer layer's error its own config", () => {
  const own = new Error('a layer has had enough');
  const call = createCall(config, 'default');
  call.cancellation.cancel(own);
  expect(asAxiosError(own, call, request)).toBe(own);

  const outer = createCall(config, 'default');
  const inner = deriveCall(outer, { config: { ...config } });
  const reason = new CanceledError('no more', config);
  outer.cancellation.cancel(reason);
  expect(asAxiosError(reason, inner, request)).toBe(reason);
  expect(reason.config).toBe(config);
  expect(reason.request).toBe(request);
});

it('wraps an AxiosError that says nothing of the call, or something else: others may have it, too', () => {
  const call = createCall(config, 'default');
  const proxy = { auth: {} } as AxiosProxyConfig;
  for (const failure of [
    new AxiosError('Invalid proxy authorization', 'ERR_BAD_OPTION', { proxy } as never),
    Object.freeze(new AxiosError('one for all', 'ECONNRESET')),
  ]) {
    const error = asAxiosError(failure, call, request) as AxiosError;
    expect([error.message, error.code, error.cause]).toEqual([failure.message, failure.code, failure]);
    expect([error.config, error.request]).toEqual([config, request]);
  }
});

it("gives the call's own errors its request", () => {
  const call = createCall(config, 'default');
  const axioss = new AxiosError('reset', 'ECONNRESET', config);
  const ours = new ResponseTimeoutError(call, 10);
  for (const error of [axioss, ours]) {
    expect(asAxiosError(error, call, request)).toBe(error);
    expect(error.request).toBe(request);
  }
  const inner = deriveCall(call, { config: { ...config } });
  const innermost = new ResponseTimeoutError(inner, 10);
  expect(asAxiosError(innermost, call, request)).toBe(innermost);
  const frozen = Object.freeze(new AxiosError('frozen', 'ECONNRESET', config));
  expect(asAxiosError(frozen, call, request)).toBe(frozen);
});

it('leaves the reason of a cancel token alone: it is one for all the calls that the token ends', () => {
  const { token, cancel } = axios.CancelToken.source();
  const call = createCall({ ...config, cancelToken: token }, 'default');
  cancel('enough');
  expect(asAxiosError(token.reason, call, request)).toBe(token.reason);
  expect(token.reason).not.toHaveProperty('config');
  expect(token.reason).not.toHaveProperty('request');
});
