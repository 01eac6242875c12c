import type { LogLevel } from '@nestjs/common';
import type { HttpClientEvents } from '../../call/event-sink.js';
import type { AddressEvent } from '../../call/events.js';
import { canParse } from '../../base/can-parse.js';
import type { ResolvedClientOptions } from '../../options/resolve-options.js';
import type { OptionsSource } from '../registered-client.js';

/** The name that Kubernetes gives to a Service: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/ */
const SERVICE = /\.svc(?:\.cluster\.local)?\.?$/i;

/**
 * What the log says when a client is made that calls a Service of Kubernetes, and does not say how its calls are to be spread.
 * @param sources who has set its options
 * @returns a line for each such origin
 */
export function serviceHints(
  { name, baseURL, origins }: Pick<ResolvedClientOptions, 'name' | 'baseURL' | 'origins'>,
  sources: readonly OptionsSource[],
): string[] {
  const called = new Set(Object.keys(origins));
  if (baseURL !== undefined) called.add(new URL(baseURL).origin);
  const isDecided = (origin: string) =>
    sources.some(({ options: { pool, origins: given } }) => {
      const own = given?.[origin];
      return (own?.addresses ?? own?.pool?.scheduling ?? pool?.scheduling) !== undefined;
    });
  return Array.from(called)
    .filter((origin) => canParse(origin) && SERVICE.test(new URL(origin).hostname) && !isDecided(origin))
    .map(
      (origin) =>
        `Client ${JSON.stringify(name)}: ${origin} is a Service of Kubernetes. Sockets stay with the pods that they were opened to, so a few pods may get ` +
        `most calls. Consider a headless Service with origins['${origin}'].addresses: true, or pool.scheduling: 'fifo'; 'lifo' keeps it as it is ` +
        `(docs/load-balancing.md)`,
    );
}

/**
 * Writes a line about each address that is ejected, or comes back.
 * @returns ends it
 */
export function logAddresses(
  events: HttpClientEvents,
  level: LogLevel,
  write: (level: LogLevel, line: string) => void,
): () => void {
  return events.on('address', (event) => {
    if (event.change === 'ejected') write('warn', ejectedLine(event));
    if (event.change === 'returned') {
      write(level, `Pool ${event.pool}: the address ${event.address} of ${event.origin} answers again`);
    }
  });
}

const ejectedLine = ({ pool, origin, address, cause, ejectedMs }: AddressEvent) =>
  `Pool ${pool}: the address ${address} of ${origin} gets no requests for ${Math.round(ejectedMs!)} ms: it fails (${cause})`;
