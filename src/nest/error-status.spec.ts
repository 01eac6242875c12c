import axios, {
  AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import { describe, expect, it } from 'vitest';
import { createCall } from '../call/call.js';
import { BodyConsumedError, BodyTooLargeError, rememberSourceError } from '../errors/body.errors.js';
import {
  AddressBlockedError,
  CircuitOpenError,
  ClientClosedError,
  ConcurrencyLimitError,
  DeadlineExceededError,
  PoolQueueFullError,
  RateLimitError,
} from '../errors/refusal.errors.js';
import {
  BodyTimeoutError,
  ConnectTimeoutError,
  InboundAbortedError,
  PoolTimeoutError,
  ResponseTimeoutError,
} from '../errors/timeout.errors.js';
import { type AxiosErrorLike, errorStatus } from './error-status.js';

const config: InternalAxiosRequestConfig = { url: 'http://a.example/', headers: new AxiosHeaders() };
const call = createCall(config, 'default');
const sent = {};

const axiosError = (code?: string, request?: object, response?: Partial<AxiosResponse>) =>
  new AxiosError('message', code, config, request, response as AxiosResponse);

const signalled = (signal: AbortSignal) => new CanceledError(undefined, { ...config, signal });
const timedOut = AbortSignal.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));

describe('errorStatus', () => {
  it.each<[status: number, what: string, error: AxiosErrorLike]>([
    [502, 'an upstream that answered 500', axiosError('ERR_BAD_RESPONSE', sent, { status: 500 })],
    [502, 'an upstream that answered 404', axiosError('ERR_BAD_REQUEST', sent, { status: 404 })],
    [
      502,
      'an upstream whose body timed out after its status was refused',
      axiosError('ETIMEDOUT', sent, { status: 500 }),
    ],
    [502, 'a body that cannot be parsed', axiosError('ERR_BAD_RESPONSE', sent, { status: 200 })],
    [502, 'a body that is too large', new BodyTooLargeError(call, 10)],
    [502, 'a refused connection', axiosError('ECONNREFUSED', sent)],
    [502, 'a reset connection', axiosError('ECONNRESET', sent)],
    [502, 'a name that does not resolve', axiosError('ENOTFOUND', sent)],
    [502, 'a certificate that has expired', axiosError('CERT_HAS_EXPIRED', sent)],
    [502, 'a certificate for another name', axiosError('ERR_TLS_CERT_ALTNAME_INVALID', sent)],
    [502, 'what is no HTTP', axiosError('HPE_INVALID_CONSTANT', sent)],
    [502, 'redirects without end', axiosError('ERR_FR_TOO_MANY_REDIRECTS', sent)],
    [502, 'a failure without a code, once sent', axiosError(undefined, sent)],
    [504, "axios's timeout", axiosError('ECONNABORTED', sent)],
    [504, "axios's clearer timeout", axiosError('ETIMEDOUT')],
    [504, 'a connection that takes too long', new ConnectTimeoutError(call, 10)],
    [504, 'headers that take too long', new ResponseTimeoutError(call, 10)],
    [504, 'a silent body', new BodyTimeoutError(call, 10)],
    [504, 'a deadline', new DeadlineExceededError(call, 10)],
    [504, "the caller's own AbortSignal.timeout", signalled(timedOut)],
    [503, 'a full queue for a socket', new PoolQueueFullError(call, 10)],
    [503, 'a wait for a socket', new PoolTimeoutError(call, 10, true)],
    [503, 'an open circuit', new CircuitOpenError(call, 10)],
    [503, 'too many calls at once', new ConcurrencyLimitError(call, 10, 10)],
    [503, 'too many calls in a time', new RateLimitError(call, 10, 'none left')],
    [400, 'an address that may not be called', new AddressBlockedError(call, 'loopback')],
    [400, 'a redirect to one', new AddressBlockedError(call, 'loopback', true)],
    [400, 'a URL outside of the base URL', AddressBlockedError.outsideBase(call)],
    [500, 'a setting that goes around the guard', AddressBlockedError.bySetting(call, 'lookup')],
    [503, 'a closed client', ClientClosedError.refused(call)],
    [500, 'an address that is none', axiosError('ERR_INVALID_URL')],
    [500, 'an option that is wrong', axiosError('ERR_BAD_OPTION')],
    [500, 'an option value that is wrong', axiosError('ERR_BAD_OPTION_VALUE')],
    [500, 'an option of the call that is wrong', axiosError('ERR_INVALID_OPTIONS')],
    [500, 'a scheme that is not supported', axiosError('ERR_BAD_REQUEST')],
    [500, 'a request body that is too large', axiosError('ERR_BAD_REQUEST', sent)],
    [500, 'a request body that was read before', BodyConsumedError.beforeCall(call)],
    [500, 'a request body that is not as long as it says', axiosError('ERR_HTTP_CONTENT_LENGTH_MISMATCH', sent)],
    [500, 'a stream to be sent that fails', rememberSourceError(axiosError('ECONNRESET', sent))],
    [500, 'a header that cannot be sent', axiosError('ERR_INVALID_CHAR', sent)],
    [500, 'a failure without a code, before anything was sent', axiosError()],
    [500, 'a call that the app itself has cancelled', signalled(AbortSignal.abort())],
    [500, 'the same by a cancel token', new CanceledError()],
    [503, 'a call that was ended for another inbound client', new InboundAbortedError('gone', config)],
  ])('is %i for %s', (status, _, error) => {
    expect(errorStatus(error).status).toBe(status);
    expect(axios.isAxiosError(error)).toBe(true);
  });

  it('is 499 for an inbound client that has gone, but only where it was the reason', () => {
    expect(errorStatus(new InboundAbortedError('gone', config), true).status).toBe(499);
    expect(errorStatus(axiosError('ECONNRESET', sent), true).status).toBe(502);
  });

  it.each([
    [1, 'none is known', new PoolQueueFullError(call, 10)],
    [1, 'it is now', new CircuitOpenError(call, 0)],
    [1, 'it is within a second', new RateLimitError(call, 1, 'none left')],
    [2, 'it is within two', new RateLimitError(call, 1_001, 'none left')],
    [5, 'it is in five', new CircuitOpenError(call, 5_000)],
    [undefined, 'nobody knows', new CircuitOpenError(call, Infinity)],
    [undefined, 'the upstream is at fault', axiosError('ECONNRESET', sent)],
  ])('says to try again after %s seconds where %s', (seconds, _, error) => {
    expect(errorStatus(error).retryAfterSeconds).toBe(seconds);
  });

  it('says nothing of the call', () => {
    const error = axiosError('ERR_BAD_RESPONSE', sent, { status: 500, data: 'SECRET' });
    expect(JSON.stringify(errorStatus(error))).not.toMatch(/SECRET|a\.example|message/);
  });
});
