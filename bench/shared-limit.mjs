// What a shared rate limit costs per call: a reservation in Redis, alone and where many calls ask at once; and the CPU time that Redis takes.
// Needs redis-server. Usage: npm run build && node bench/shared-limit.mjs
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { redisShared } from '../dist/redis/index.js';

const PORT = 29_777;
const server = spawn('redis-server', ['--port', String(PORT), '--save', '', '--appendonly', 'no'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
for await (const line of server.stdout) if (String(line).includes('Ready to accept')) break;
server.stdout.resume();

const ioredis = new Redis(PORT);
const nodeRedis = await createClient({ url: `redis://127.0.0.1:${PORT}` }).connect();
await Promise.race([once(ioredis, 'ready'), once(ioredis, 'error')]);

const clock = { now: () => performance.now(), setTimeout, clearTimeout };
const redisCpu = async () => {
  const info = await ioredis.info('cpu');
  return Number(/used_cpu_user:([\d.]+)/.exec(info)[1]) + Number(/used_cpu_sys:([\d.]+)/.exec(info)[1]);
};

for (const [name, client] of Object.entries({ ioredis, 'node-redis': nodeRedis })) {
  const shared = redisShared(client, { prefix: name, timeoutMs: 10_000 }).open({
    clock,
    random: Math.random,
    changed: () => {},
  });
  const limiter = shared.rateLimiter('bench', { max: 1e9, intervalMs: 1_000 });
  for (const together of [1, 10, 100]) {
    const calls = together === 1 ? 5_000 : 50_000;
    for (let warm = 0; warm < 500; warm++) await limiter.reserve('key', 0);
    const cpu = await redisCpu();
    const own = process.cpuUsage();
    const from = performance.now();
    for (let done = 0; done < calls; done += together) {
      await Promise.all(Array.from({ length: together }, async () => limiter.reserve('key', 0)));
    }
    const us = (ms) => ((ms * 1_000) / calls).toFixed(1);
    const wall = us(performance.now() - from);
    const { user, system } = process.cpuUsage(own);
    const ofRedis = (((await redisCpu()) - cpu) * 1e6) / calls;
    console.log(
      `${name.padEnd(10)} ${String(together).padStart(3)} together: ${wall.padStart(6)} us per call, ${us((user + system) / 1_000).padStart(6)} us of this process's CPU, ${ofRedis.toFixed(1).padStart(5)} us of Redis's`,
    );
  }
  await shared.close();
}
ioredis.disconnect();
nodeRedis.destroy();
server.kill();
