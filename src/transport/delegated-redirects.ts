import type { AxiosRequestConfig } from 'axios';
import type { Call } from '../layers/layer.js';
import type { EventSink } from '../observability/http-client-events.js';
import { encodedLocation } from '../policies/redirect.js';
import { DOWNGRADE, type RedirectSettings } from './redirects.js';
import { publishRedirect } from './transport-events.js';

type BeforeRedirect = NonNullable<AxiosRequestConfig['beforeRedirect']>;

/**
 * Has the redirects that axios's adapter follows judged as ours are, and published, those that `beforeRedirect` does not refuse. The adapter
 * has dropped what must not reach another origin by then, so what `beforeRedirect` adds is the caller's own choice.
 */
export function delegatedRedirects(
  { redirects, events }: RedirectSettings & { readonly events: EventSink },
  call: Call,
  beforeRedirect: AxiosRequestConfig['beforeRedirect'],
): BeforeRedirect {
  return (options, response, request) => {
    const from = new URL(request.url);
    if (from.protocol === 'https:' && options['protocol'] === 'http:' && !redirects.allowDowngrade) {
      throw new Error(DOWNGRADE);
    }
    correctLocation(options, response.headers['location']!, request.url);
    beforeRedirect?.(options, response, request);
    publishRedirect(events, call, response.statusCode, new URL(options['href'] as string).origin);
  };
}

/** A caller's hook. follow-redirects waits for none, so what one that is async rejects with would end the process: it ends the call. */
export function watchedHook({ config, cancellation }: Call): BeforeRedirect | undefined {
  const { beforeRedirect } = config;
  if (typeof beforeRedirect !== 'function') return beforeRedirect;
  return (...details) => {
    const result: unknown = beforeRedirect(...details);
    if (result instanceof Promise) result.catch((error: Error) => cancellation.cancel(error));
  };
}

/** follow-redirects encodes the bytes of a UTF-8 Location a second time: they are replaced wherever it has put them. */
function correctLocation(options: Record<string, unknown>, location: string, from: string): void {
  const encoded = encodedLocation(location);
  if (encoded === location) return;
  const partsOf = ({ href, host, hostname, pathname, search }: URL) => [
    href,
    host,
    hostname,
    pathname,
    search,
    pathname + search,
  ];
  const right = partsOf(new URL(encoded, from));
  const corrected = new Map(partsOf(new URL(location, from)).map((part, i) => [part, right[i]!]));
  for (const [name, value] of Object.entries(options)) {
    const part = typeof value === 'string' && value !== '' ? corrected.get(value) : undefined;
    if (part !== undefined) options[name] = part;
  }
}
