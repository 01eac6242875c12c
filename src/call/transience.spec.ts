import { AxiosError, AxiosHeaders, type AxiosResponse, CanceledError } from 'axios';
import { describe, expect, it } from 'vitest';
import { BodyTooLargeError } from '../errors/body.errors.js';
import {
  CircuitOpenError,
  ClientClosedError,
  DeadlineExceededError,
  PoolQueueFullError,
} from '../errors/refusal.errors.js';
import {
  BodyTimeoutError,
  ConnectTimeoutError,
  PoolTimeoutError,
  ResponseTimeoutError,
} from '../errors/timeout.errors.js';
import { createCall } from './call.js';
import { outcomeName, transienceOf } from './transience.js';

const STATUSES = [408, 429, 500, 501, 502, 503, 504];
const CALL = createCall({ url: 'http://a.example/', headers: new AxiosHeaders() }, 'default');

const responseOf = (status: number) => ({ status, headers: {} }) as AxiosResponse;
const refused = (status: number) => {
  const code = status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  return new AxiosError(`Request failed with status code ${status}`, code, undefined, undefined, responseOf(status));
};
const failing = (error: Error) => ({
  error,
  ...('response' in error && { response: error.response as AxiosResponse }),
});
const withCode = (code: string) => failing(new AxiosError('x', code));

describe('transienceOf', () => {
  it.each([
    [408, 'transient'],
    [429, 'throttled'],
    [500, 'transient'],
    [503, 'transient'],
    [404, 'permanent'],
    [501, 'permanent'],
    [505, 'permanent'],
  ])('of status %i is %s, whether or not validateStatus accepts it', (status, expected) => {
    expect(transienceOf({ response: responseOf(status) }, STATUSES)).toBe(expected);
    expect(transienceOf(failing(refused(status)), STATUSES)).toBe(expected);
  });

  it.each([
    [502, 'transient'],
    [429, 'throttled'],
    [407, 'permanent'],
  ])('of a tunnel that a proxy refuses with %i is %s', (status, expected) => {
    const failed = failing(Object.assign(new AxiosError('x', 'ERR_PROXY_TUNNEL'), { status }));
    expect(transienceOf(failed, STATUSES)).toBe(expected);
    expect(outcomeName(failed)).toBe(status);
  });

  it('goes by the statuses it is given', () => {
    expect(transienceOf({ response: responseOf(503) }, [404])).toBe('permanent');
    expect(transienceOf({ response: responseOf(429) }, [404])).toBe('permanent');
    expect(transienceOf({ response: responseOf(404) }, [404])).toBe('transient');
  });

  it.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'EPIPE',
    'ETIMEDOUT',
    'ECONNABORTED',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EAI_AGAIN',
  ])('of %s is transient', (code) => {
    expect(transienceOf(withCode(code), STATUSES)).toBe('transient');
  });

  it.each([new ConnectTimeoutError(CALL, 1), new ResponseTimeoutError(CALL, 1), new BodyTimeoutError(CALL, 1)])(
    'of a phase that took too long is transient: $name',
    (error) => {
      expect(transienceOf(failing(error), STATUSES)).toBe('transient');
    },
  );

  it('of a body that is cut in the middle is transient, whatever its status', () => {
    const cut = (status: number) =>
      failing(new AxiosError('stream has been aborted', 'ERR_BAD_RESPONSE', undefined, undefined, responseOf(status)));
    expect(transienceOf(cut(200), STATUSES)).toBe('transient');
    expect(transienceOf(cut(404), STATUSES)).toBe('transient');
    const reset = new AxiosError('aborted', 'ECONNRESET', undefined, undefined, responseOf(200));
    expect(transienceOf(failing(reset), STATUSES)).toBe('transient');
  });

  it.each([
    new CanceledError(),
    new PoolTimeoutError(CALL, 1, true),
    new PoolQueueFullError(CALL, 1),
    new BodyTooLargeError(CALL, 1),
    new DeadlineExceededError(CALL, 1),
    new CircuitOpenError(CALL, 1),
    ClientClosedError.refused(CALL),
    ClientClosedError.aborted(CALL),
    new TypeError('a bug'),
  ])('of what the client or its caller ended is permanent: $name', (error) => {
    expect(transienceOf(failing(error), STATUSES)).toBe('permanent');
  });

  it.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_ADDRESS_BLOCKED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ENOTFOUND',
    'ERR_FR_MAX_BODY_LENGTH_EXCEEDED',
    'ERR_FR_TOO_MANY_REDIRECTS',
    'HPE_INVALID_CONSTANT',
    'SOMETHING_NEW',
  ])('of %s is permanent', (code) => {
    expect(transienceOf(withCode(code), STATUSES)).toBe('permanent');
  });

  it('of maxContentLength is permanent, although its code is the one of a refused status', () => {
    const error = new AxiosError('maxContentLength size of 1 exceeded', AxiosError.ERR_BAD_RESPONSE);
    expect(transienceOf(failing(error), STATUSES)).toBe('permanent');
  });

  it.each([[undefined], [null], ['text']])('of %o, thrown, is permanent', (error) => {
    expect(transienceOf({ error }, STATUSES)).toBe('permanent');
  });
});

describe('outcomeName', () => {
  it('is the status, or the code, or the name', () => {
    expect(outcomeName({ response: responseOf(503) })).toBe(503);
    expect(outcomeName(failing(refused(404)))).toBe(404);
    expect(outcomeName(withCode('ECONNRESET'))).toBe('ECONNRESET');
    expect(outcomeName(failing(new TypeError('a bug')))).toBe('TypeError');
    expect(outcomeName({ error: undefined })).toBe('Error');
  });

  it('is not the status of a response whose body failed', () => {
    const error = new AxiosError('aborted', 'ECONNRESET', undefined, undefined, responseOf(200));
    expect(outcomeName(failing(error))).toBe('ECONNRESET');
  });
});
