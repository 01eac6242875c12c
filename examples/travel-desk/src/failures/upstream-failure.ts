import {
  BadGatewayException,
  GatewayTimeoutException,
  type HttpException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { isAxiosError } from 'axios';
import { ClientClosedError, PoolQueueFullError } from 'nest-outbound';

/** The codes of axios, of Node and of the client's phases. */
const TIMEOUT = /^(ECONNABORTED|ETIMEDOUT|ERR_\w+_TIMEOUT)$/;

/**
 * How to answer when an upstream gave no answer. Names its host and the kind of failure; never the path, the query or a
 * header of the call, which may hold secrets.
 */
export function upstreamFailure(cause: unknown, url: string): HttpException {
  const { host } = new URL(url);
  if (cause instanceof ClientClosedError) return new ServiceUnavailableException('The app is shutting down', { cause });
  if (cause instanceof PoolQueueFullError) {
    return new ServiceUnavailableException(`Too many calls wait for ${host}`, { cause });
  }
  const code = isAxiosError(cause) ? cause.code : undefined;
  if (code && TIMEOUT.test(code)) return new GatewayTimeoutException(`${host} did not answer in time`, { cause });
  return new BadGatewayException(`${host} gave no valid answer${code ? ` (${code})` : ''}`, { cause });
}
