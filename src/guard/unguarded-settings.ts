/** Settings of axios by which a call would connect without asking the guard. */
const UNGUARDED = ['transport', 'lookup', 'httpAgent', 'httpsAgent', 'socketPath'] as const;

/** @returns the first such setting, among axios's of a call or of a client; undefined: there is none */
export function unguardedSetting(settings: object): string | undefined {
  const config = settings as Readonly<Record<string, unknown>>;
  // HTTP/2 makes its own connections.
  const { httpVersion } = config;
  if (httpVersion !== undefined && httpVersion !== 1) return 'httpVersion';
  return UNGUARDED.find((name) => config[name]);
}
