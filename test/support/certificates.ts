import { readFileSync } from 'node:fs';
import { generate } from 'selfsigned';

const pem = (name: string) => readFileSync(new URL(`tls/${name}.pem`, import.meta.url), 'utf8');

/** The authority that has signed `CERTIFICATE`. */
export const CA = pem('ca');

/** Of a server on loopback. */
export const CERTIFICATE = { key: pem('key'), cert: pem('cert') };

/** A client's certificate and key in PKCS #12, and the certificate for the server that is to trust it. */
export const PACKED_CERTIFICATE = {
  pfx: readFileSync(new URL('tls/client.p12', import.meta.url)),
  passphrase: 'test',
  cert: pem('client'),
};

/** A client's certificate of this name, made anew; it is its own authority. */
export async function clientCertificate(commonName: string): Promise<{ readonly key: string; readonly cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  return { key, cert };
}
