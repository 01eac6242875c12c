import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { clientCertificate } from '../../test/support/certificates.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RecordedEvents } from '../../test/support/recorded-events.js';
import { type Files, TlsFolder } from '../../test/support/tls-folder.js';
import { systemClock } from '../base/clock.js';
import type { TlsMaterial } from './tls-files.js';
import { TlsRotation } from './tls-rotation.js';

const INTERVAL_MS = 10_000;

type Certificate = Awaited<ReturnType<typeof clientCertificate>>;
let first: Certificate;
let second: Certificate;
beforeAll(async () => {
  [first, second] = await Promise.all([clientCertificate('first'), clientCertificate('second')]);
});

/** As Kubernetes names them. */
const filesOf = ({ cert, key }: Certificate): Files => ({ 'tls.crt': cert, 'tls.key': key });

/** Watches certificate and key in a folder; `look` has it look at them once more, `settle` once more and again soon after. */
function watched(folder: TlsFolder) {
  const clock = new ManualClock();
  const events = new RecordedEvents();
  const used: TlsMaterial[] = [];
  const rotation = TlsRotation.open(
    { files: { cert: folder.path('tls.crt'), key: folder.path('tls.key') }, watch: { intervalMs: INTERVAL_MS } },
    (problems) => new Error(problems.join('\n')),
  )!;
  const end = rotation.watch({ pool: 'p', clock, events, use: (material) => used.push(material) });
  onTestFinished(end);
  const after = async (ms: number) => {
    await clock.advance(ms);
    await vi.waitFor(() => expect(clock.pending).toBe(1), { interval: 1 }); // the files are read
  };
  const look = () => after(INTERVAL_MS);
  const settle = async () => {
    await look();
    await after(1_000);
  };
  return { clock, events, used, rotation, look, settle, end };
}

const mounted = (certificate: Certificate) => {
  const folder = new TlsFolder();
  folder.mount(filesOf(certificate));
  return folder;
};

describe('new files are used', () => {
  it.each<[string, (folder: TlsFolder, files: Files) => void]>([
    ['written in place', (folder, files) => folder.write(files)],
    ['renamed into place', (folder, files) => folder.rename(files)],
    ['behind a symlink that is swapped', (folder, files) => folder.mount(files)],
  ])('%s', async (_, change) => {
    const folder = mounted(first);
    const { events, used, settle } = watched(folder);
    change(folder, filesOf(second));
    await settle();
    expect(used).toEqual([second]);
    expect(events.of('tls:reload')).toMatchObject([{ pool: 'p', validTo: expect.stringMatching(/^\d{4}-.*Z$/) }]);
    expect(events.of('tls:reload')[0]!.failure).toBeUndefined();
  });

  it('once they have stayed as they are for a second', async () => {
    const folder = mounted(first);
    const { used, look, clock } = watched(folder);
    folder.write(filesOf(second));
    await look();
    await clock.advance(999);
    expect(used).toEqual([]);
    await clock.advance(1);
    await vi.waitFor(() => expect(used).toEqual([second]));
  });

  it('also where the key is written a moment after the certificate, without a word', async () => {
    const folder = mounted(first);
    const { events, used, look, settle } = watched(folder);
    folder.write({ 'tls.crt': second.cert });
    await look();
    folder.write({ 'tls.key': second.key });
    await settle();
    expect(used).toEqual([second]);
    expect(events.of('tls:reload')).toHaveLength(1);
  });

  it('also where the key comes much later, which is told once', async () => {
    const folder = mounted(first);
    const { events, used, settle, look } = watched(folder);
    folder.write({ 'tls.crt': second.cert });
    await settle();
    for (let n = 0; n < 3; n++) await look(); // oxlint-disable-line no-await-in-loop -- one after another
    folder.write({ 'tls.key': second.key });
    await settle();
    expect(used).toEqual([second]);
    expect(events.of('tls:reload').map(({ failure }) => failure)).toEqual([
      expect.stringContaining('expected the key of the certificate, got another'),
      undefined,
    ]);
  });
});

describe('files that cannot be used change nothing, and are told of once', () => {
  it.each<[string, string, (folder: TlsFolder) => void]>([
    [
      'half a certificate',
      'tls.files.cert: expected certificates in PEM',
      (folder) => folder.write({ 'tls.crt': second.cert.slice(0, 200) }),
    ],
    [
      'half of a chain',
      'tls.files.cert: expected certificates in PEM',
      (folder) => folder.write({ 'tls.crt': first.cert + second.cert.slice(0, 200) }),
    ],
    ['an empty certificate', 'an empty file', (folder) => folder.write({ 'tls.crt': '' })],
    [
      'half a key',
      'tls.files.key: expected a private key in PEM',
      (folder) => folder.write({ 'tls.key': second.key.slice(0, 100) }),
    ],
    ['no key', 'tls.files.key: expected a file that can be read, got ENOENT', (folder) => folder.remove('tls.key')],
  ])('%s', async (_, reason, spoil) => {
    const folder = mounted(first);
    const { events, used, rotation, settle, look } = watched(folder);
    spoil(folder);
    await settle();
    await look();
    await look();
    expect(used).toEqual([]);
    expect(events.of('tls:reload')).toMatchObject([{ failure: expect.stringContaining(reason) }]);
    const { failure } = rotation.state;
    expect(failure).toMatch(/tls\.(crt|key)\)$/); // the path
    for (const secret of [first.key, second.key]) expect(failure).not.toContain(secret.slice(40, 80));

    folder.rename(filesOf(first));
    await settle();
    expect(used).toEqual([]); // they are what is in use
    expect(events.of('tls:reload').map((event) => event.failure)).toEqual([failure, undefined]);
  });

  it('such as a mount that is empty while it is changed', async () => {
    const folder = mounted(first);
    const { used, events, look, settle } = watched(folder);
    folder.remove('..data');
    await look();
    folder.mount(filesOf(second));
    await settle();
    expect(used).toEqual([second]);
    expect(events.of('tls:reload')).toHaveLength(1);
  });
});

it('sees nothing in files that are written anew with what they held', async () => {
  const folder = mounted(first);
  const { used, events, look } = watched(folder);
  folder.rename(filesOf(first));
  await look();
  expect(used).toEqual([]);
  expect(events.all).toEqual([]);
});

it('looks no more when it is ended, whether or not it is looking', async () => {
  const { clock, end } = watched(mounted(first));
  clock.tick(INTERVAL_MS); // it reads
  end();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
  const another = watched(mounted(first));
  another.end();
  expect(another.clock.pending).toBe(0);
});

it('keeps no process alive', () => {
  const folder = mounted(first);
  const files = { cert: folder.path('tls.crt'), key: folder.path('tls.key') };
  const rotation = TlsRotation.open({ files, watch: { intervalMs: 10_000 } }, () => new Error('refused'))!;
  const before = process.getActiveResourcesInfo();
  const end = rotation.watch({ pool: 'p', clock: systemClock, events: new RecordedEvents(), use: () => {} });
  expect(process.getActiveResourcesInfo()).toEqual(before);
  end();
});

it('watches nothing that it was not asked to watch', () => {
  const folder = mounted(first);
  const clock = new ManualClock();
  const files = { cert: folder.path('tls.crt'), key: folder.path('tls.key') };
  const rotation = TlsRotation.open({ files }, () => new Error('refused'))!;
  rotation.watch({ pool: 'p', clock, events: new RecordedEvents(), use: () => {} });
  expect(clock.pending).toBe(0);
  expect(rotation.material).toEqual(first);
});
