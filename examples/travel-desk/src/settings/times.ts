/**
 * How long calls in flight may take to finish once the app shuts down. kubernetes.yaml gives the process longer than this,
 * and docs/deploying.md adds it up.
 */
export const DRAIN_MS = 10_000;

/**
 * How long an inbound connection stays open for another request. Longer than the 60 s that proxies usually keep theirs (nginx, AWS
 * ALB), so that it is the proxy that closes it, and none sends a request on a connection that is just being closed.
 */
export const KEEP_ALIVE_MS = 65_000;
