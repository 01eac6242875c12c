import type { InternalAxiosRequestConfig } from 'axios';
import { redactToAddress } from './redact-url.js';
import { DEFAULT_RULES, type RedactionRules } from './redaction-rules.js';

export type Addressed = Pick<InternalAxiosRequestConfig, 'socketPath' | 'baseURL' | 'url' | 'allowAbsoluteUrls'>;

/** Where a call goes, without user, password, query and fragment; of what is neither http nor https only the scheme. */
export function addressOf(
  { socketPath, baseURL, url, allowAbsoluteUrls }: Addressed,
  rules: RedactionRules = DEFAULT_RULES,
): string {
  const address = redactToAddress(joinedUrl(baseURL, textOf(url), allowAbsoluteUrls), rules);
  if (socketPath) return address;
  if (!URL.canParse(address)) return 'invalid URL';
  const { protocol } = new URL(address);
  return protocol === 'http:' || protocol === 'https:' ? address : protocol;
}

/** Callers in JavaScript pass URL objects, too. */
const textOf = (url: unknown): string => (url instanceof URL ? url.href : typeof url === 'string' ? url : '');

/** As axios joins them: https://github.com/axios/axios/blob/v1.x/lib/core/buildFullPath.js */
export function joinedUrl(baseURL: string | undefined, url: string, allowAbsoluteUrls: boolean | undefined): string {
  if (!baseURL || (allowAbsoluteUrls !== false && /^(?:[a-z][a-z\d+\-.]*:)?\/\//i.test(url))) return url;
  return url ? `${baseURL.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}` : baseURL;
}
