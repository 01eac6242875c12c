import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DeskSnapshot } from '../src/desk/desk.dto.js';
import type { FareSearch } from '../src/fares/fares.dto.js';
import { type RunningProcess, startProcess } from './support/process.js';

const MAX_FILES = 256;
const MAX_SOCKETS = 48;
/** Enough for a few searches at least, on whatever machine. */
const DEADLINE_MS = 5_000;
const CONNECTIONS = 50;
const SEARCHES_EACH = 10;

let folder: string;
let app: RunningProcess;
let port: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'travel-desk-'));
  const file = join(folder, 'config.json');
  // The airlines are in the same process: each of their sockets counts twice.
  writeFileSync(
    file,
    JSON.stringify({ monitor: { endpoints: [] }, fares: { maxSockets: MAX_SOCKETS, deadlineMs: DEADLINE_MS } }),
  );
  app = startProcess({ env: { TRAVEL_DESK_CONFIG: file }, maxFiles: MAX_FILES });
  port = Number(new URL(await app.listening()).port);
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  if (app.child.exitCode !== null) return;
  const closed = once(app.child, 'close');
  app.child.kill('SIGKILL');
  await closed;
});

/** 500 searches, no two alike, under way at once: over 50 connections, as a proxy has them, 10 on each without waiting. */
async function searchFiveHundredTimes(more = ''): Promise<FareSearch[]> {
  const texts = await Promise.all(Array.from({ length: CONNECTIONS }, (_, n) => answersOver(n, more)));
  // What was cut in the middle has no end.
  const answers = texts.flatMap((text) => text.split('HTTP/1.1 200 OK').slice(1)).filter((text) => text.endsWith('}'));
  return answers.map((answer) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))));
}

/** All that a connection brings until it ends or is cut. */
async function answersOver(connection: number, more: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  for (let n = 0; n < SEARCHES_EACH; n++) {
    const date = new Date(Date.UTC(2026, 0, 1 + connection * SEARCHES_EACH + n)).toISOString().slice(0, 10);
    const close = n === SEARCHES_EACH - 1 ? 'connection: close\r\n' : '';
    socket.write(`GET /fares?from=AMS&to=LIS&date=${date}${more} HTTP/1.1\r\nhost: desk\r\n${close}\r\n`);
  }
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  await new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
  return text;
}

const codesOf = (found: readonly FareSearch[]) =>
  new Set(found.flatMap(({ missing }) => missing.map(({ code }) => code)));
const desk = async () => (await (await fetch(`http://127.0.0.1:${port}/desk`)).json()) as DeskSnapshot;

it(`answers 500 searches at once with ${MAX_FILES} file descriptors, and never has more sockets than it may`, async () => {
  const searches = searchFiveHundredTimes();
  const progress = { isOver: false };
  let most = 0;
  void searches.finally(() => (progress.isOver = true));
  while (!progress.isOver) {
    await sleep(20); // to look without a pause would cost as much as the searches
    const { clients } = await desk();
    most = Math.max(most, clients.find(({ client }) => client === 'airlines')!.open);
  }
  const found = await searches;
  expect(found).toHaveLength(CONNECTIONS * SEARCHES_EACH);
  expect(codesOf(found)).not.toContain('EMFILE');
  expect(found.filter(({ fares }) => fares.length > 0).length).toBeGreaterThan(0);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(MAX_SOCKETS);
  expect(app.errors).toEqual([]);
});

it('runs out of file descriptors when done the wrong way', { tags: 'slow' }, async () => {
  const found = await searchFiveHundredTimes('&shared=false');
  expect(codesOf(found)).toContain('EMFILE');
});
