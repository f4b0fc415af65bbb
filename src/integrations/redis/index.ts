export { redisDedupe, type IoRedisClient, type NodeRedisClient, type RedisDedupeOptions } from './redis-dedupe.js';
