import { isIP } from 'node:net';

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

/** What differs between a run by hand and one under test. */
export interface Settings {
  /** The address that the app listens on: 127.0.0.1 for this machine only, 0.0.0.0 in a container. */
  readonly host: string;
  /** Where the app listens. 0: any free port. */
  readonly port: number;
  /** Where the embedded upstream listens. 0: any free port. */
  readonly upstreamPort: number;
  /** Ports that may be called. false: any. */
  readonly allowedPorts: readonly number[] | false;
  /** How long a call to an upstream may take. */
  readonly attemptMs: number;
}

/** @throws when HOST is no IP address, or PORT or UPSTREAM_PORT no port */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const upstreamPort = readPort(env, 'UPSTREAM_PORT', 8001);
  return {
    host: readAddress(env, 'HOST', '127.0.0.1'),
    port: readPort(env, 'PORT', 8000),
    upstreamPort,
    allowedPorts: upstreamPort === 0 ? false : [80, 443, upstreamPort],
    attemptMs: 3_000,
  };
}

function readAddress(env: NodeJS.ProcessEnv, name: string, byDefault: string): string {
  const address = env[name] ?? byDefault;
  if (isIP(address) === 0) throw new Error(`${name}: expected an IP address, got "${address}"`);
  return address;
}

function readPort(env: NodeJS.ProcessEnv, name: string, byDefault: number): number {
  const value = env[name] ?? String(byDefault);
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535)
    throw new Error(`${name}: expected a port from 0 to 65535, got "${value}"`);
  return port;
}
