import type { AxiosRequestConfig } from 'axios';
import type { Call } from '../layers/layer.js';
import type { EventSink } from '../observability/http-client-events.js';
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
    beforeRedirect?.(options, response, request);
    publishRedirect(events, call, response.statusCode, new URL(options['href'] as string).origin);
  };
}
