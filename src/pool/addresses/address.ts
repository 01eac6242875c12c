import type { LookupAddress } from 'node:dns';
import type { LookupFunction, Socket } from 'node:net';
import type { HostAddress } from '../../base/host-address.js';
import type { SocketTarget } from '../agents.js';
import type { Candidate } from './choice.js';
import { type Health, NEW_HEALTH } from './ejection.js';
import { Pace } from './pace.js';

/** What an address is connected to: its IP, then the one of the other family that may belong to the same server. */
export type FoundAddress = readonly [HostAddress, ...HostAddress[]];

/** One of the addresses behind the name of an origin, and the requests to it. */
export class Address implements Candidate {
  readonly origin: string;
  /** As it is listed, with its port where it has one. */
  readonly name: string;
  /** Tells its requests from those to other addresses of the origin. */
  readonly lane: string;
  inFlight = 0;
  /** Requests so far. */
  requests = 0;
  /** Of these, how many have failed. */
  failed = 0;
  health: Health = NEW_HEALTH;
  readonly pace = new Pace();
  /** No new request is for it; those that it has may finish. */
  isGone = false;
  #ips: readonly LookupAddress[] = [];
  readonly #port: number | undefined;

  constructor(origin: string, name: string, found: FoundAddress) {
    this.origin = origin;
    this.name = name;
    this.lane = `${origin} via ${name}`;
    this.#port = found[0].port;
    this.use(found);
  }

  /** It is still there, maybe with another partner. */
  use(found: FoundAddress): void {
    this.#ips = found.map(({ ip, family }) => ({ address: ip, family }));
  }

  get slowness(): number {
    return this.pace.slowness;
  }

  get ips(): readonly LookupAddress[] {
    return this.#ips;
  }

  /** Has a socket be opened to it. The host stays as it is: TLS asks for it (SNI) and checks the certificate against it. */
  aim(target: SocketTarget): void {
    Object.assign(target, { lookup: this.#lookup });
    if (this.#port !== undefined) target.port = this.#port;
  }

  /** With both families, Node tries the second where the first takes 250 ms: happy eyeballs (RFC 8305). */
  readonly #lookup: LookupFunction = (_host, { all, family }, callback) => {
    const ofFamily = this.#ips.filter((ip) => ip.family === family || `IPv${ip.family}` === family);
    const ips = ofFamily.length > 0 ? ofFamily : this.#ips;
    // As `dns.lookup`, which calls back later: a socket that has failed already would tell nobody.
    process.nextTick(() => {
      if (all) callback(null, [...ips]);
      else callback(null, ips[0]!.address, ips[0]!.family);
    });
  };
}

/** Key of a request option, and of a socket: the address that it is for. */
export const ADDRESS = Symbol('address');

/** The address that a socket, or what it is opened with, was chosen for; undefined: its origin has none to choose from. */
export function addressOf(socket: Socket | SocketTarget): Address | undefined {
  return (socket as { [ADDRESS]?: Address })[ADDRESS];
}

/** @returns what is looked up with `dns.lookup`, each address of the family that the system prefers with one of the other */
export function pairedFamilies(found: readonly HostAddress[]): FoundAddress[] {
  const preferred = found[0]?.family;
  const sorted = found.toSorted((a, b) => (a.ip < b.ip ? -1 : 1)); // name servers shuffle
  const first = sorted.filter(({ family }) => family === preferred);
  const second = sorted.filter(({ family }) => family !== preferred);
  const { length } = first.length >= second.length ? first : second;
  return Array.from({ length }, (_, index): FoundAddress => {
    const pair = [first[index], second[index]].filter((address) => address !== undefined);
    return pair as unknown as FoundAddress;
  });
}
