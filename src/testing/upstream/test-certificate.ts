/** A certificate for loopback, made for one test run. */
export interface TestCertificate {
  /** PEM. */
  readonly key: string;
  /** PEM; it is its own authority. */
  readonly cert: string;
}

const NAMES = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
] as const;

/** Node can make keys, but no certificates; a key in a package would be one that everybody has. */
export async function testCertificate(): Promise<TestCertificate> {
  const { generate } = await selfsigned();
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [...NAMES] },
    ],
  });
  return { key, cert };
}

async function selfsigned(): Promise<typeof import('selfsigned')> {
  try {
    return await import('selfsigned'); // in a `try`, so that bundlers pack an app that lacks it
  } catch (cause) {
    throw new Error(
      'startUpstream({ tls: true }) makes its certificate with the package selfsigned: npm install --save-dev selfsigned, ' +
        'or pass { tls: { key, cert } }',
      { cause },
    );
  }
}
