import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../../../test/support/redis-server.js';

const SCRIPT = new URL('../scripts/scale.mjs', import.meta.url).pathname;

describeWithRedis('npm run scale', () => {
  it(
    'finds every endpoint pinged once a round, also when a process is killed and when Redis starts anew',
    { tags: 'slow' },
    async ({ onTestFinished }) => {
      const options = '--every 4s --rounds 2 --replicas 2 --endpoints 100 --slice 10'.split(' ');
      const child = spawn(process.execPath, [SCRIPT, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
      onTestFinished(() => void child.kill());
      const closed = once(child, 'close');
      const output = await text(child.stdout);
      expect(output).toContain('as it should be');
      expect(output).not.toContain('NOT AS IT SHOULD BE');
      expect(await closed).toEqual([0, null]);
    },
  );
});
