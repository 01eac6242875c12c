export type { IoredisClient, NodeRedisClient, RedisClientLike } from './client-shape.js';
export { redisCommands, type RedisCommands } from './commands.js';
export { withinMs } from './bounded.js';
