import { binaryBytes } from '../../base/bytes.js';
import type { Call } from '../../call/call.js';
import { requestTarget, urlOf } from '../../call/target.js';
import type { SignableRequest } from '../../options/auth-options.js';

const EMPTY = new Uint8Array();

/**
 * An attempt as `sign` sees it.
 * @throws what axios throws for a URL that is none, and for parameters that cannot be serialised
 */
export function signableRequest({ config, method }: Call): SignableRequest {
  const target = requestTarget(config);
  const url = new URL(target ? urlOf(target) : String(config.url));
  const headers: Record<string, string> = { host: url.host };
  for (const [name, value] of Object.entries(config.headers)) {
    if (value !== undefined && value !== null && value !== false) headers[name.toLowerCase()] = String(value);
  }
  return { method, url, headers, body: bytesOf(config.data) };
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (data === undefined || data === null) return EMPTY;
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof URLSearchParams) return Buffer.from(data.toString());
  return binaryBytes(data);
}
