import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';

export const CROSS_ORIGIN_REFUSED = 'only pages of this very server may ask for that';

/**
 * Refuses what a page of another origin has a browser send. Browsers say where a request comes from, and a page cannot keep
 * them from it; what says nothing is no browser, as curl.
 */
@Injectable()
export class SameOriginGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (isSameOrigin(context.switchToHttp().getRequest<IncomingMessage>())) return true;
    throw new ForbiddenException(CROSS_ORIGIN_REFUSED);
  }
}

/** https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site and, for what lacks it, Origin. */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}
