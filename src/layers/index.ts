// For authors of layers
export { deriveCheckedCall as deriveCall } from '../call/call.js';
export type { Call, CallChanges, Handler, Layer } from '../call/call.js';
export type { CustomLayer, HttpClientLayer, LayerName } from './order.js';

// For authors of rate limiters
export type { RateLimiter } from './rate-limit/limiter.js';
