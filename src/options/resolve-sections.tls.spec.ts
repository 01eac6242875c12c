import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../test/support/problems.js';
import { resolveModuleOptions, resolveNamedOptions } from './resolve-options.js';
import { resolveTls } from './resolve-sections.js';
import type { TlsOptions } from './transport-options.js';

describe('the TLS options of a client', () => {
  it('are those of the module, option by option, files too', () => {
    const inherited = resolveTls({ ca: 'CA', files: { cert: '/c', key: '/k' }, watch: true }, {});
    expect(resolveTls({ servername: 'bank' }, inherited)).toEqual({
      ca: 'CA',
      servername: 'bank',
      files: { cert: '/c', key: '/k' },
      watch: { intervalMs: 10_000 },
    });
    expect(resolveTls({ files: { ca: '/ca' }, watch: { intervalMs: 5 } }, inherited)).toEqual({
      files: { ca: '/ca', cert: '/c', key: '/k' },
      watch: { intervalMs: 5 },
    });
  });

  it('take the place of inherited files, and files that of inherited ones', () => {
    const inherited = resolveTls({ files: { ca: '/ca' }, watch: true }, {});
    expect(resolveTls({ ca: 'CA' }, inherited)).toEqual({ ca: 'CA' });
    expect(resolveTls({ watch: false }, inherited)).toEqual({ files: { ca: '/ca' } });
    expect(resolveTls({ files: { pfx: '/p' } }, resolveTls({ pfx: 'inline' }, {}))).toEqual({ files: { pfx: '/p' } });
  });
});

describe('files of certificates are refused', () => {
  it.each<[string, TlsOptions, string]>([
    ['that are none', { files: {} }, 'tls.files: expected ca, cert, key or pfx, got none'],
    ['without a path', { files: { ca: '' } }, 'tls.files.ca: expected a path, got a string'],
    [
      'under another name',
      { files: { cer: '/c' } as never },
      'tls.files.cer: expected one of the options ca, cert, key, pfx, got an unknown option; did you mean tls.files.cert?',
    ],
    ['beside what they hold', { ca: 'CA', files: { ca: '/ca' } }, 'tls.ca: expected to be left out with tls.files.ca'],
    ['without the key', { files: { cert: '/c' } }, 'tls.files.cert: expected tls.files.key beside it'],
    ['without the certificate', { files: { key: '/k' } }, 'tls.files.key: expected tls.files.cert beside it'],
    ['that are to be watched, and are not there', { watch: true }, 'tls.watch: expected tls.files beside it, got none'],
    [
      'that are watched all the time',
      { files: { ca: '/ca' }, watch: { intervalMs: 0 } },
      'tls.watch.intervalMs: expected a whole number of milliseconds from 1 to 2147483647, got a number',
    ],
  ])('%s', (_, tls, problem) => {
    expect(problemsOf(() => resolveModuleOptions({ tls }))).toEqual([problem]);
  });

  it('but not where the other half is inherited', () => {
    const { client } = resolveModuleOptions({ tls: { files: { cert: '/c', key: '/k' }, watch: true } });
    const { tls } = resolveNamedOptions({ name: 'bank', tls: { files: { cert: '/own' } } }, client);
    expect(tls.files).toEqual({ cert: '/own', key: '/k' });
  });
});
