import { generate } from 'selfsigned';

const DAY_MS = 86_400_000;

/** A certificate that was valid until yesterday. */
export async function expiredCertificate(): Promise<{ readonly key: string; readonly cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec',
    notBeforeDate: new Date(Date.now() - 2 * DAY_MS),
    notAfterDate: new Date(Date.now() - DAY_MS),
  });
  return { key, cert };
}
