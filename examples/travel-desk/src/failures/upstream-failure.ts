import {
  BadGatewayException,
  GatewayTimeoutException,
  type HttpException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { isAxiosError } from 'axios';
import { ClientClosedError, isTimeoutError, PoolQueueFullError } from 'nest-outbound';

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
  if (isTimeoutError(cause)) return new GatewayTimeoutException(`${host} did not answer in time`, { cause });
  return new BadGatewayException(`${host} gave no valid answer${code ? ` (${code})` : ''}`, { cause });
}
