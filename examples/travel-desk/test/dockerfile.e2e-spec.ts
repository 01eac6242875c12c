import type { Copy, From } from 'dockerfile-ast';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readManifest, readStages, REPOSITORY } from './support/deployment-files.js';

const stages = readStages();
const [building, running] = [stages[0]!, stages.at(-1)!];
const of = (stage: typeof running, keyword: string) => stage.filter((step) => step.getKeyword() === keyword);
const contents = (stage: typeof running, keyword: string) =>
  of(stage, keyword).map((step) => step.getArgumentsContent());

/** What a stage copies from elsewhere: the context, or another stage. */
const copied = (stage: typeof running, from: string | undefined) =>
  of(stage, 'COPY')
    .filter((step) => (step as Copy).getFromFlag()?.getValue() === from)
    .flatMap((step) => step.getArguments().slice(0, -1).map(String));

it('builds in one stage and runs what is needed in another, on the same image', () => {
  expect(stages).toHaveLength(2);
  expect((building[0] as From).getBuildStage()).toBe('build');
  expect((running[0] as From).getImage()).toBe((building[0] as From).getImage());
  expect(contents(running, 'RUN')).toEqual([]);
  expect(copied(running, undefined)).toEqual([]);
  expect(copied(running, 'build')).not.toEqual([]);
});

it('installs what the lock file says, and leaves out in the end what only the build needs', () => {
  const runs = contents(building, 'RUN');
  expect(runs.at(0)).toMatch(/^npm ci /);
  expect(runs.at(-1)).toMatch(/^npm prune --omit=dev /);
});

it('copies nothing that is not there, and the context holds just that', () => {
  const sources = copied(building, undefined);
  expect(sources.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  const lines = readFileSync(join(REPOSITORY, '.dockerignore'), 'utf8').trim().split('\n');
  const [everything, ...rest] = lines.filter((line) => !line.startsWith('#'));
  expect(everything).toBe('*');
  const allowed = rest.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  expect(allowed.toSorted()).toEqual(sources.toSorted());
});

it('runs Node itself as process 1, not a shell that would keep the signals, and not as root', () => {
  const [command] = contents(running, 'CMD');
  const [node, main] = JSON.parse(command!);
  expect(node).toBe('node');
  expect(existsSync(join(REPOSITORY, main))).toBe(true);
  expect(of(running, 'ENTRYPOINT')).toEqual([]);
  expect(Number(contents(running, 'USER').at(-1))).toBeGreaterThan(0);
});

it('asks the app for its health, as Kubernetes does', () => {
  const [check] = contents(running, 'HEALTHCHECK');
  const [node, , script] = JSON.parse(check!.replace(/^CMD /, ''));
  expect(node).toBe('node');
  const { path } = readManifest()[0].spec!.template.spec!.containers[0]!.livenessProbe!.httpGet!;
  expect(script).toContain(`${path}\``);
});

it('listens where the container is reached', () => {
  const env = Object.fromEntries(
    contents(running, 'ENV').flatMap((line) => line!.split(' ').map((pair) => pair.split('='))),
  );
  expect(env).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: contents(running, 'EXPOSE')[0] });
});
