import { AxiosError, AxiosHeaders, CanceledError } from 'axios';
import { describe, expect, it } from 'vitest';
import { createCall } from '../../call/call.js';
import { BodyTooLargeError, rememberSourceError } from '../../errors/body.errors.js';
import {
  CircuitOpenError,
  ClientClosedError,
  ConcurrencyLimitError,
  DeadlineExceededError,
  PoolQueueFullError,
  RateLimitError,
} from '../../errors/refusal.errors.js';
import {
  BodyTimeoutError,
  ConnectTimeoutError,
  PoolTimeoutError,
  ResponseTimeoutError,
} from '../../errors/timeout.errors.js';
import { errorOutcome, statusOutcome } from './breaker.js';

const call = createCall({ url: 'http://a.example/', headers: new AxiosHeaders() }, 'default');

const withCode = (code: string) => new AxiosError('x', code, call.config);
const withStatus = (status: number, code: string, data: unknown) =>
  new AxiosError('x', code, call.config, undefined, {
    status,
    statusText: '',
    headers: {},
    config: call.config,
    data,
  });

describe('statusOutcome', () => {
  it.each([
    [200, 'success'],
    [304, 'success'],
    [404, 'success'],
    [408, 'success'],
    [429, 'failure'],
    [500, 'failure'],
    [503, 'failure'],
  ])('of %i is %s', (status, outcome) => {
    expect(statusOutcome(status)).toBe(outcome);
  });
});

describe('errorOutcome', () => {
  it.each([
    [407, 'ignored'],
    [429, 'failure'],
    [502, 'failure'],
  ])('of a tunnel that a proxy refuses with %i is %s', (status, outcome) => {
    expect(errorOutcome(Object.assign(withCode('ERR_PROXY_TUNNEL'), { status }), 1)).toBe(outcome);
  });

  it('takes a timeout that this process was blocked for, and could not have noticed an answer, to say nothing', () => {
    expect(errorOutcome(new ResponseTimeoutError(call, 1_000, 99), 1_099)).toBe('failure');
    expect(errorOutcome(new ResponseTimeoutError(call, 1_000, 100), 1_100)).toBe('ignored');
    expect(errorOutcome(Object.assign(withCode('ECONNABORTED'), { eventLoopDelayMs: 812 }), 1_812)).toBe('ignored');
  });

  it.each([
    ['a connection that takes too long', new ConnectTimeoutError(call, 1)],
    ['a response that takes too long', new ResponseTimeoutError(call, 1)],
    ['a body that falls silent', new BodyTimeoutError(call, 1)],
    ['an attempt that takes too long', withCode('ECONNABORTED')],
    ['an attempt that takes too long, said clearly', withCode('ETIMEDOUT')],
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a reset connection', withCode('ECONNRESET')],
    ['a name that is not found', withCode('ENOTFOUND')],
    ['a resolver that does not answer', withCode('EAI_AGAIN')],
    ['a certificate that has expired', withCode('CERT_HAS_EXPIRED')],
    ['a certificate for another name', withCode('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['a TLS alert', withCode('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')],
    ['a response that is no HTTP', withCode('HPE_INVALID_CONSTANT')],
    ['a network that is down', withCode('ERR_NETWORK')],
    ['a stream that ends too early', withCode('ERR_STREAM_PREMATURE_CLOSE')],
    ['a refused status 503', withStatus(503, 'ERR_BAD_RESPONSE', '')],
    ['a refused status 429', withStatus(429, 'ERR_BAD_REQUEST', '')],
    ['a response 200 that breaks off', withStatus(200, 'ERR_BAD_RESPONSE', undefined)],
    ['a response 200 that cannot be decoded', withStatus(200, 'Z_DATA_ERROR', undefined)],
  ])('of %s is a failure', (_, error) => {
    expect(errorOutcome(error, 0)).toBe('failure');
  });

  it.each([
    ['a refused status 404', withStatus(404, 'ERR_BAD_REQUEST', '')],
    ['a refused status 304', withStatus(304, 'ERR_BAD_RESPONSE', '')],
  ])('of %s is a success', (_, error) => {
    expect(errorOutcome(error, 0)).toBe('success');
  });

  it.each([
    ['what the caller cancelled', new CanceledError()],
    ['a client that closes', ClientClosedError.aborted(call)],
    ['no socket in time', new PoolTimeoutError(call, 1, true)],
    ['too many that wait for a socket', new PoolQueueFullError(call, 1)],
    ['a body that is too large', new BodyTooLargeError(call, 1)],
    ['a body larger than maxContentLength', withCode('ERR_BAD_RESPONSE')],
    ['an open breaker', new CircuitOpenError(call, 1)],
    ['a concurrency limit', new ConcurrencyLimitError(call, 1, 1)],
    ['a rate limit', new RateLimitError(call, 1, 'x')],
    ['a bad option', withCode('ERR_BAD_OPTION')],
    ['a URL that is none', withCode('ERR_INVALID_URL')],
    ['an address that may not be called', withCode('ERR_ADDRESS_BLOCKED')],
    ['a request body that is too large', withCode('ERR_FR_MAX_BODY_LENGTH_EXCEEDED')],
    ['a request body that is none', withCode('ERR_BAD_REQUEST')],
    ['a header that Node refuses', withCode('ERR_INVALID_CHAR')],
    ['no descriptors left', withCode('EMFILE')],
    ['no ports left', withCode('EADDRNOTAVAIL')],
    ['a stream to be sent that fails', rememberSourceError(withCode('ECONNRESET'))],
    ['a mistake in the code', new TypeError('x is not a function')],
    ['nothing', undefined],
    ['null', null],
    ['a string', 'text'],
  ])('of %s is ignored', (_, error) => {
    expect(errorOutcome(error, 60_000)).toBe('ignored');
  });

  it('of a deadline depends on how long the attempt had', () => {
    const error = new DeadlineExceededError(call, 5_000);
    expect(errorOutcome(error, 999)).toBe('ignored');
    expect(errorOutcome(error, 1_000)).toBe('failure');
  });
});
