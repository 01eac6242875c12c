import {
  BadGatewayException,
  GatewayTimeoutException,
  type HttpException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { isAxiosError } from 'axios';
import { ClientClosedError, PoolQueueFullError } from 'nest-outbound';

const TIMEOUT = /^(ECONNABORTED|ETIMEDOUT|ERR_\w+_TIMEOUT)$/;

/**
 * How to answer when an upstream gave no answer. Names its host and the kind of failure; never the path, the query or a
 * header of the call, which may hold secrets.
 */
export function upstreamFailure(error: unknown, url: string): HttpException {
  const { host } = new URL(url);
  if (error instanceof ClientClosedError) return new ServiceUnavailableException('The app is shutting down');
  if (error instanceof PoolQueueFullError) return new ServiceUnavailableException(`Too many calls wait for ${host}`);
  const code = isAxiosError(error) ? error.code : undefined;
  if (code && TIMEOUT.test(code))
    return new GatewayTimeoutException(`${host} did not answer in time`, { cause: error });
  return new BadGatewayException(`${host} gave no valid answer${code ? ` (${code})` : ''}`, { cause: error });
}
