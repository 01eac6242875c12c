import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Settings } from '../settings/schema.js';
import { InjectSettings } from '../settings/settings.module.js';
import { parsedUrl } from '../validation/parsed-url.js';

export const CROSS_ORIGIN_REFUSED = 'only pages of this very server may ask for that';

/**
 * Refuses what a page of another origin has a browser send, also one whose name somebody lets lead here (DNS rebinding).
 * Browsers say where a request comes from, and a page cannot keep them from it; what says nothing is no browser, as curl.
 */
@Injectable()
export class SameOriginGuard implements CanActivate {
  constructor(@InjectSettings() private readonly settings: Settings) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.#isSameOrigin(context.switchToHttp().getRequest<IncomingMessage>())) return true;
    throw new ForbiddenException(CROSS_ORIGIN_REFUSED);
  }

  /** https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site and, for what lacks it, Origin. */
  #isSameOrigin({ headers }: IncomingMessage): boolean {
    const { origin, host, 'sec-fetch-site': site } = headers;
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
    if (origin === undefined) return true;
    const page = parsedUrl(origin);
    return page !== undefined && page.host === host && this.#isOwn(page.hostname);
  }

  /** An address cannot be made to lead elsewhere; a name is ours if we say so. */
  #isOwn(hostname: string): boolean {
    const isAddress = isIP(hostname.replace(/^\[|\]$/g, '')) > 0;
    return isAddress || hostname === 'localhost' || this.settings.publicHosts.includes(hostname);
  }
}
