/** Hosts of URLs have IPv6 addresses in brackets. Sockets, certificates and names of hosts have not. */
export function withoutBrackets(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** RFC 9110 §4.2.1 and §4.2.2. */
export function defaultPort(isSecure: boolean): 80 | 443 {
  return isSecure ? 443 : 80;
}

/** The port of a URL of http or https, which names it only where it is another than the scheme's. */
export function portOf({ port, protocol }: URL): number {
  return port === '' ? defaultPort(protocol === 'https:') : Number(port);
}
