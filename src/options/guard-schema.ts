import * as v from 'valibot';
import { isCidr } from '../guard/ip-address.js';
import { isHostPattern } from '../guard/trusted-hosts.js';
import { toggle } from './schema-parts.js';

const listOf = (what: string, items: string, isOne: (value: string) => boolean) =>
  v.optional(v.array(v.pipe(v.string(what), v.check(isOne, what)), `an array of ${items}`));

const hosts = listOf("a host without a port, as 'api.example.com' or '*.example.com'", 'hosts', isHostPattern);
const cidrs = listOf("an address range, as '10.0.0.0/8'", 'address ranges', isCidr);

const aPort = 'a port, from 1 to 65535';
const port = v.pipe(v.number(aPort), v.integer(aPort), v.minValue(1, aPort), v.maxValue(65_535, aPort));
const somePorts = v.array(port, 'an array of ports, or false');
const ports = v.optional(v.lazy((input) => (input === false ? v.literal(false) : somePorts)));

export const guard = toggle({ allowHosts: hosts, allowCidrs: cidrs, blockCidrs: cidrs, allowPorts: ports });

export const confine = v.optional(
  v.lazy((input) => (input === false ? v.literal(false) : v.picklist(['origin', 'path'], "'origin', 'path' or false"))),
);
