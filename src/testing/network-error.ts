import { getSystemErrorMap } from 'node:util';
import type { Connection } from './wire.js';

const TLS_MESSAGES = {
  CERT_HAS_EXPIRED: 'certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
} as const;

/** Failures of DNS and of connecting, of a connection, of TLS: as Node has them. */
export const NETWORK_ERROR_CODES = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'EPIPE',
  ...(Object.keys(TLS_MESSAGES) as (keyof typeof TLS_MESSAGES)[]),
] as const;

/** Codes of Node for connections that fail: DNS, TCP and TLS. */
export type NetworkErrorCode = (typeof NETWORK_ERROR_CODES)[number];

/** Names that libuv does not have: https://github.com/nodejs/node/blob/main/lib/internal/errors.js (DNSException) */
const RESOLVER_ERRNO: Readonly<Record<string, number>> = { ENOTFOUND: -3008, EAI_AGAIN: -3001 };

const SYSCALLS: Readonly<Record<string, string>> = { ECONNRESET: 'read', EPIPE: 'write' };

/** The error that Node has for a connection. */
export function networkError(code: NetworkErrorCode, { hostname, port }: Pick<Connection, 'hostname' | 'port'>): Error {
  if (code in TLS_MESSAGES) {
    return Object.assign(new Error(TLS_MESSAGES[code as keyof typeof TLS_MESSAGES]), { code });
  }
  if (code in RESOLVER_ERRNO) {
    const about = { errno: RESOLVER_ERRNO[code], code, syscall: 'getaddrinfo', hostname };
    return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), about);
  }
  const syscall = SYSCALLS[code] ?? 'connect';
  const isConnect = syscall === 'connect';
  const message = isConnect ? `connect ${code} ${hostname}:${port}` : `${syscall} ${code}`;
  return Object.assign(new Error(message), {
    errno: errnoOf(code),
    code,
    syscall,
    ...(isConnect && { address: hostname, port }),
  });
}

function errnoOf(code: string): number | undefined {
  for (const [errno, [name]] of getSystemErrorMap()) if (name === code) return errno;
  return undefined;
}
