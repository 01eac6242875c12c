import type { EmbeddedEndpoint } from '../upstreams/health/embedded-health.js';

/** Behaviour → how many of the fifty behave so. */
const COUNTS = {
  healthy: 27,
  slow: 5,
  flapping: 6,
  dead: 4,
  'rate-limiting': 3,
  redirecting: 3,
  'expired-tls': 2,
} as const;

/** Fifty embedded endpoints, as `slow-2`. */
export const DEFAULT_ENDPOINTS: EmbeddedEndpoint[] = (Object.keys(COUNTS) as (keyof typeof COUNTS)[]).flatMap(
  (behaviour) =>
    Array.from({ length: COUNTS[behaviour] }, (_, index) => ({ id: `${behaviour}-${index + 1}`, behaviour })),
);
