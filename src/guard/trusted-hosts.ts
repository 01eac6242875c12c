import { isIPv6 } from 'node:net';
import { canParse } from '../base/can-parse.js';
import { withoutBrackets } from '../base/url-parts.js';

/** @returns whether a host is listed, by itself or by a wildcard */
export type HostMatcher = (host: string) => boolean;

/** @param hosts each as `isHostPattern` has it */
export function hostMatcher(hosts: readonly string[]): HostMatcher {
  const exact = new Set<string>();
  const suffixes: string[] = [];
  for (const host of hosts) {
    if (host.startsWith('*.')) suffixes.push(`.${canonicalHost(host.slice(2))!}`);
    else exact.add(canonicalHost(host)!);
  }
  return (host) => {
    const name = withoutDot(host.toLowerCase());
    return exact.has(name) || suffixes.some((suffix) => name.length > suffix.length && name.endsWith(suffix));
  };
}

/** Whether it is a host without a port, or `*.` and a name for every host below it. */
export function isHostPattern(text: string): boolean {
  if (!text.startsWith('*.')) return canonicalHost(text) !== undefined;
  // `*.0.0.1` would be a pattern of addresses.
  return canonicalHost(text.slice(2)) !== undefined && canonicalHost(text.replace('*', 'x')) !== undefined;
}

/** A host as a URL has it, without brackets and the dot at the end; undefined where it is none. */
function canonicalHost(text: string): string | undefined {
  const written = isIPv6(text) ? `[${text}]` : text;
  if (/[\s/?#@\\*]|:\d*$/.test(written) || !canParse(`http://${written}/`)) return undefined;
  return withoutDot(withoutBrackets(new URL(`http://${written}/`).hostname)) || undefined;
}

const withoutDot = (host: string) => (host.endsWith('.') ? host.slice(0, -1) : host);
