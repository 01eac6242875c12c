import { afterAll, describe, expect, it } from 'vitest';
import { AppProcess } from './support/app-process.js';
import { startHoldingUpstream } from './support/holding-upstream.js';
import { startUpstream } from './support/upstream.js';

const INBOUND = 200;

/** SIGTERM while 200 inbound requests each wait for the first of their two upstream calls. */
async function duringTheFirstCall(design: string): Promise<number> {
  await using holding = await startHoldingUpstream(INBOUND);
  await using app = await AppProcess.start('design-app', { DESIGN: design, UPSTREAM: holding.upstream.url });
  const answers = Array.from({ length: INBOUND }, () => app.get('/two-calls'));
  await holding.allHeld;
  app.kill('SIGTERM');
  await app.says('draining');
  holding.release();
  return (await Promise.all(answers)).filter(({ status }) => status === 200).length;
}

/** SIGTERM while one inbound request is between its two upstream calls. */
async function betweenTheCalls(design: string): Promise<number> {
  await using upstream = await startUpstream();
  await using app = await AppProcess.start('design-app', { DESIGN: design, UPSTREAM: upstream.url });
  const answer = app.get('/pause');
  await app.says('between calls');
  app.kill('SIGTERM');
  await app.says('drained');
  app.tell('resume');
  return (await answer).status === 200 ? 1 : 0;
}

describe('requests answered when SIGTERM comes', { tags: 'slow' }, () => {
  const rows: string[] = [];

  it.each([
    ['destroy', 'agent.destroy() in onModuleDestroy', 0, 1], // a destroyed agent opens new sockets, and nobody closes them,
    ['refuse', 'refuse new calls from onModuleDestroy on', 0, 0],
    ['wait for idle', 'wait until none is in flight, then refuse', INBOUND, 0],
    ['two phases', 'two phases (HttpClientModule)', INBOUND, 1],
  ])('with %s', async (design, description, during, between) => {
    const answered = { during: await duringTheFirstCall(design), between: await betweenTheCalls(design) };
    rows.push(`| ${description} | ${answered.during} of ${INBOUND} | ${answered.between} of 1 |`);
    expect(answered).toEqual({ during, between });
  });

  afterAll(() => {
    console.log(['| design | during the first call | between the calls |', '|---|---|---|', ...rows].join('\n'));
  });
});
