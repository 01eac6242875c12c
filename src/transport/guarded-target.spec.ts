import { expect, it } from 'vitest';
import { testCall } from '../../test/support/layer-contract.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { lookedUp } from './guarded-target.js';

it('a call whose pool has closed already does not wait for a look-up, and is told that the client is closed', async () => {
  const clock = new ManualClock();
  const settings = { pool: { closing: AbortSignal.abort() }, clock, phases: { connect: 1_000 } };
  const looked = lookedUp(new Promise(() => {}), testCall(), settings);
  await expect(looked).rejects.toMatchObject({ code: 'ERR_CLIENT_CLOSED' });
  expect(clock.pending).toBe(0);
});
