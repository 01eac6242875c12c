import { isIP } from 'node:net';

/** An IP address, maybe with a port. */
export interface HostAddress {
  readonly ip: string;
  readonly family: 4 | 6;
  /** Undefined: that of whoever is called there. */
  readonly port: number | undefined;
}

const WITH_PORT = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/;
const MAX_PORT = 65_535;

/**
 * @param text `10.0.0.7`, `10.0.0.7:8080`, `fd00::7` or `[fd00::7]:8080`
 * @returns undefined where it is none
 */
export function hostAddress(text: string): HostAddress | undefined {
  const plain = isIP(text);
  if (plain !== 0) return { ip: text, family: plain as 4 | 6, port: undefined };
  const [, six, four, digits] = WITH_PORT.exec(text) ?? [];
  const ip = six ?? four ?? '';
  const family = isIP(ip);
  const port = Number(digits);
  const isRight = six === undefined ? family === 4 : family === 6;
  return isRight && port >= 1 && port <= MAX_PORT ? { ip, family: family as 4 | 6, port } : undefined;
}
