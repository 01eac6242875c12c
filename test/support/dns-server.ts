import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import type { ResolveHost } from '../../src/guard/address-guard.js';
import { groupsOf } from '../../src/guard/ip-address.js';

/** The addresses that a look-up of a name gets, IPv4 and IPv6 together. */
export type Zone = (name: string, lookup: number) => readonly string[];

export interface DnsServer extends AsyncDisposable {
  /** Look-ups of a name so far: its A and AAAA questions count as one. */
  lookups(name: string): number;
  /** Asks this server, as `dns.lookup` would ask the system's. */
  readonly resolve: ResolveHost;
}

const A = 1;
const AAAA = 28;
const NXDOMAIN = 3;

/** A real name server on loopback (RFC 1035 §4), whose answers live for no time at all. */
export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const lookups = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (query, { address, port }) => {
    const { name, type, question } = questionOf(query);
    if (type === A) lookups.set(name, (lookups.get(name) ?? 0) + 1);
    const all = zone(name, lookups.get(name) ?? 1);
    const answers = all.filter((entry) => isIPv4(entry) === (type === A)).map((entry) => record(type, entry));
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2); // the id
    header.writeUInt16BE(0x8180 | (all.length === 0 ? NXDOMAIN : 0), 2); // a response, recursion desired and available
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    socket.send(Buffer.concat([header, question, ...answers]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  const ask = (method: 'resolve4' | 'resolve6', name: string) =>
    new Promise<string[]>((settle) => resolver[method](name, (error, found) => settle(error ? [] : found)));
  return {
    lookups: (name) => lookups.get(name) ?? 0,
    resolve(name, _options, callback) {
      // One after the other, so that both questions belong to one look-up.
      ask('resolve4', name)
        .then(async (four) => {
          const six = await ask('resolve6', name);
          const found = [
            ...four.map((address) => ({ address, family: 4 })),
            ...six.map((address) => ({ address, family: 6 })),
          ];
          const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
          callback(found.length === 0 ? error : null, found);
        })
        .catch((error: NodeJS.ErrnoException) => callback(error, []));
    },
    async [Symbol.asyncDispose]() {
      resolver.cancel();
      socket.close();
      await once(socket, 'close');
    },
  };
}

function questionOf(query: Buffer): { name: string; type: number; question: Buffer } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const type = query.readUInt16BE(at + 1);
  return { name: labels.join('.').toLowerCase(), type, question: query.subarray(12, at + 5) };
}

function record(type: number, address: string): Buffer {
  const data =
    type === AAAA ? groupsOf({ text: address, family: 'ipv6' }).flatMap(bytes) : address.split('.').map(Number);
  // The name is the one at offset 12, the class IN, the time to live 0.
  return Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length, ...data]);
}

const bytes = (group: number) => [group >> 8, group & 0xff];
