/** What differs between a run by hand and one under test. */
export interface Settings {
  /** Where the app listens. 0: any free port. */
  readonly port: number;
  /** Where the embedded upstream listens. 0: any free port. */
  readonly upstreamPort: number;
  /** Ports that may be called. false: any. */
  readonly allowedPorts: readonly number[] | false;
  /** How long a call to an upstream may take. */
  readonly attemptMs: number;
}

/** @throws when PORT or UPSTREAM_PORT is no port */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const upstreamPort = readPort(env, 'UPSTREAM_PORT', 8001);
  return {
    port: readPort(env, 'PORT', 8000),
    upstreamPort,
    allowedPorts: upstreamPort === 0 ? false : [80, 443, upstreamPort],
    attemptMs: 3_000,
  };
}

function readPort(env: NodeJS.ProcessEnv, name: string, byDefault: number): number {
  const value = env[name] ?? String(byDefault);
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535)
    throw new Error(`${name}: expected a port from 0 to 65535, got "${value}"`);
  return port;
}
