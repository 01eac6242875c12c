import { readFileSync } from 'node:fs';

const pem = (name: string) => readFileSync(new URL(`tls/${name}.pem`, import.meta.url), 'utf8');

/** The authority that has signed `CERTIFICATE`. */
export const CA = pem('ca');

/** Of a server on loopback. */
export const CERTIFICATE = { key: pem('key'), cert: pem('cert') };
