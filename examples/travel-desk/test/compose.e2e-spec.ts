import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { readSettings } from '../src/settings/read-settings.js';
import { DRAIN_MS } from '../src/settings/times.js';
import { COMPOSE_FILE, readCompose, readManifest, readStages, REPOSITORY } from './support/deployment-files.js';

const { services, configs } = readCompose();
const app = services['app']!;
const proxy = services['proxy']!;
const redis = services['redis']!;

/** Where the container of the app listens. */
const appPort = readStages()
  .at(-1)!
  .find((step) => step.getKeyword() === 'EXPOSE')!
  .getArgumentsContent();

it('builds the app from its Dockerfile, in the root of the repository, under the name that the manifest has', () => {
  const context = join(dirname(COMPOSE_FILE), app.build!.context);
  expect(context).toBe(REPOSITORY);
  expect(existsSync(join(context, app.build!.dockerfile))).toBe(true);
  expect(app.image).toBe(readManifest()[0].spec!.template.spec!.containers[0]!.image);
});

it('runs several processes of it, which share the Redis that is there', () => {
  expect(app.deploy!.replicas).toBe(3);
  const { hostname } = new URL(readSettings(app.environment!).redisUrl!);
  expect(services[hostname]).toBe(redis);
});

it('gives each time to drain', () => {
  expect(1_000 * parseInt(app.stop_grace_period!, 10)).toBeGreaterThanOrEqual(DRAIN_MS + 5_000);
});

it('starts each once those it needs are healthy', () => {
  for (const { depends_on = {} } of Object.values(services)) {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect(services).toHaveProperty(name);
      expect(condition).toBe('service_healthy');
    }
  }
  expect(Object.keys(proxy.depends_on!)).toEqual(['app']); // healthy by its Dockerfile
  expect(Object.keys(app.depends_on!)).toEqual(['redis']);
  expect(redis.healthcheck!.test).toEqual(['CMD', 'redis-cli', 'ping']);
});

it('lets nobody in but this machine, through the proxy, to the port where the app listens', () => {
  const open = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(open).toEqual([`127.0.0.1:${appPort}:${appPort}`]);
  const [{ source, target }] = proxy.configs! as [{ source: string; target: string }];
  expect(target).toBe('/etc/nginx/conf.d/default.conf');
  const { content } = configs[source]!;
  expect(content).toContain(`server app:${appPort};`);
  expect(content).toContain(`listen ${appPort};`);
  expect(content).toContain('proxy_buffering off;');
  expect(content).not.toMatch(/(?<!\$)\$(?!\$)/); // Compose would put a variable of its own there
});

it('takes images by name and version', () => {
  for (const { image } of Object.values(services)) expect(image).toMatch(/^[a-z-]+:\d[\w.-]+$/);
});
