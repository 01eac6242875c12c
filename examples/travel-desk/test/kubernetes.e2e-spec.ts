import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../src/settings/read-settings.js';
import { DRAIN_MS, KEEP_ALIVE_MS } from '../src/settings/times.js';
import { readManifest, REPOSITORY } from './support/deployment-files.js';

/** For Nest to notice SIGTERM, to send the last answers and to end. */
const MARGIN_SECONDS = 5;

const [deployment, service, budget, redis, redisService] = readManifest();
const template = deployment.spec!.template;
const pod = template.spec!;
const container = pod.containers[0]!;

it('has only fields that Kubernetes knows, of the right types', () => {
  const kinds = { Deployment: 'apps/v1', Service: 'core/v1', PodDisruptionBudget: 'policy/v1' };
  const declarations = readManifest().map((document, index) => {
    const kind = document.kind!;
    return `export const _${index}: import('kubernetes-types/${kinds[kind]}.js').${kind} = ${JSON.stringify(document, null, 1)};`;
  });
  expect(problemsOf(declarations.join('\n'))).toBe('');
});

describe('the times', () => {
  const graceSeconds = pod.terminationGracePeriodSeconds!;
  const preStopSeconds = container.lifecycle!.preStop!.sleep!.seconds;

  it('leave room for preStop, for the drain, and some to spare', () => {
    expect(preStopSeconds).toBeGreaterThan(0);
    expect(graceSeconds).toBeGreaterThanOrEqual(preStopSeconds + DRAIN_MS / 1_000 + MARGIN_SECONDS);
  });

  it('let the slowest call finish while the app drains', () => {
    expect(DRAIN_MS).toBeGreaterThan(readSettings({}).attemptMs);
  });

  it('are those of docs/deploying.md', () => {
    const page = readFileSync(join(REPOSITORY, 'docs/deploying.md'), 'utf8');
    const rows = page.matchAll(/^\| `(\w+)` *\| (\d+) s\b/gm);
    expect(Object.fromEntries(Array.from(rows, ([, name, seconds]) => [name, Number(seconds)]))).toEqual({
      preStop: preStopSeconds,
      DRAIN_MS: DRAIN_MS / 1_000,
      terminationGracePeriodSeconds: graceSeconds,
      attemptMs: readSettings({}).attemptMs / 1_000,
      KEEP_ALIVE_MS: KEEP_ALIVE_MS / 1_000,
    });
  });
});

it('takes no instance away before its replacement is ready', () => {
  const { replicas, strategy } = deployment.spec!;
  expect(replicas).toBeGreaterThanOrEqual(2);
  expect(strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
  expect(budget.spec!.maxUnavailable).toBeLessThan(replicas!);
});

it('selects its own pods', () => {
  const labels = template.metadata!.labels;
  expect(deployment.spec!.selector.matchLabels).toEqual(labels);
  expect(service.spec!.selector).toEqual(labels);
  expect(budget.spec!.selector!.matchLabels).toEqual(labels);
});

it('asks for health to restart it, and for readiness to send it requests', () => {
  expect(container.startupProbe!.httpGet).toEqual({ path: '/health', port: 'http' });
  expect(container.livenessProbe!.httpGet).toEqual({ path: '/health', port: 'http' });
  expect(container.readinessProbe!.httpGet).toEqual({ path: '/ready', port: 'http' });
});

it('finds the app on the port where it listens', () => {
  expect(container.ports).toEqual([{ name: 'http', containerPort: readSettings({}).port }]);
  expect(service.spec!.ports![0]!.targetPort).toBe('http');
});

it('may do nothing that it does not need', () => {
  expect(pod).toMatchObject({
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(container.resources).toMatchObject({
    requests: { cpu: expect.anything() },
    limits: { memory: expect.anything() },
  });
});

describe('its Redis', () => {
  const redisPod = redis.spec!.template.spec!;
  const redisContainer = redisPod.containers[0]!;

  it('is where the app looks for it', () => {
    const { name, value } = container.env![0]!;
    const { redisUrl } = readSettings({ [name]: value });
    const { hostname, port } = new URL(redisUrl!);
    expect(hostname).toBe(redisService.metadata!.name);
    expect(redisService.spec!.ports).toEqual([{ name: 'redis', port: Number(port), targetPort: 'redis' }]);
    expect(redisContainer.ports).toEqual([{ name: 'redis', containerPort: Number(port) }]);
  });

  it('is one, selected by labels of its own', () => {
    expect(redis.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const labels = redis.spec!.template.metadata!.labels;
    expect(redis.spec!.selector.matchLabels).toEqual(labels);
    expect(redisService.spec!.selector).toEqual(labels);
    expect(labels).not.toEqual(template.metadata!.labels);
  });

  it('evicts nothing: a job is not a cache', () => {
    expect(redisContainer.args!.join(' ')).toContain('--maxmemory-policy noeviction');
  });

  it('may do nothing that it does not need', () => {
    expect(redisPod.automountServiceAccountToken).toBe(false);
    expect(redisPod.securityContext).toMatchObject(pod.securityContext!);
    expect(redisContainer.securityContext).toEqual(container.securityContext);
    expect(redisContainer.resources!.limits).toHaveProperty('memory');
  });
});

it('runs the version that is in package.json', () => {
  const { name, version } = JSON.parse(readFileSync(join(REPOSITORY, 'examples/travel-desk/package.json'), 'utf8'));
  expect(container.image).toBe(`${name}:${version}`);
});

/** What the compiler says about this source, which is not on disk. */
function problemsOf(source: string): string {
  const path = join(import.meta.dirname, 'manifest.ts');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    types: [],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => name === path || disk.fileExists(name),
    readFile: (name) => (name === path ? source : disk.readFile(name)),
    getSourceFile: (name, target) =>
      name === path ? ts.createSourceFile(path, source, target) : disk.getSourceFile(name, target),
  };
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(ts.createProgram([path], options, host)), host);
}
