import { type BeforeApplicationShutdown, type DynamicModule, Inject, Injectable, Logger, Module } from '@nestjs/common';
import { Redis } from 'ioredis';
import { type MonitorRedis, withCommands } from './commands.js';

export const REDIS = Symbol('Redis');

export const InjectRedis = (): ParameterDecorator => Inject(REDIS);

/** The longest that a client waits before it tries to connect again, in milliseconds. */
const MAX_RETRY_MS = 1_000;

/**
 * Commands wait for Redis, however long it is gone, as BullMQ asks for it. The app starts without it.
 */
function connect(url: string): MonitorRedis {
  const logger = new Logger('Redis');
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * times, MAX_RETRY_MS),
  });
  let isSaid = false;
  redis.on('ready', () => {
    logger.log('Redis answers');
    isSaid = false;
  });
  redis.on('close', () => {
    if (!isSaid) logger.warn('Redis does not answer; the monitor waits for it');
    isSaid = true;
  });
  redis.on('error', () => {}); // it closes, too
  return withCommands(redis);
}

/** Ends the connection once nothing is under way any more, also where Redis is gone: commands that wait for it fail then. */
@Injectable()
class RedisEnd implements BeforeApplicationShutdown {
  constructor(@InjectRedis() private readonly redis: MonitorRedis) {}

  beforeApplicationShutdown(): void {
    this.redis.removeAllListeners('close');
    this.redis.disconnect();
  }
}

/** One client for the whole app; whoever subscribes or blocks duplicates it. */
@Module({})
export class RedisModule {
  static with(url: string): DynamicModule {
    return {
      module: RedisModule,
      providers: [{ provide: REDIS, useFactory: () => connect(url) }, RedisEnd],
      exports: [REDIS],
    };
  }
}
