export { redisShared, type RedisSharedOptions } from './redis-shared.js';
export type { EncryptionKey } from './cipher.js';
export type { IoredisClient, NodeRedisClient, RedisClientLike } from './client-shape.js';
