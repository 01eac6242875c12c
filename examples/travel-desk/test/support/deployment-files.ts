import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { load, loadAll } from 'js-yaml';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const EXAMPLE = join(import.meta.dirname, '../..');
export const REPOSITORY = join(EXAMPLE, '../..');

/** The app, then its Redis. */
export type Manifest = [Deployment, Service, PodDisruptionBudget, Deployment, Service];

/** Every document of kubernetes.yaml, in order. */
export const readManifest = (): Manifest =>
  loadAll(readFileSync(join(EXAMPLE, 'kubernetes.yaml'), 'utf8')) as unknown as Manifest;

/** What the tests look at of docker-compose.yml. */
export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly deploy?: { readonly replicas: number };
  readonly stop_grace_period?: string;
  readonly ports?: readonly string[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export const COMPOSE_FILE = join(EXAMPLE, 'docker-compose.yml');

export const readCompose = (): Compose => load(readFileSync(COMPOSE_FILE, 'utf8')) as Compose;

/** The instructions of each stage of the Dockerfile. */
export function readStages(): Instruction[][] {
  const file = DockerfileParser.parse(readFileSync(join(EXAMPLE, 'Dockerfile'), 'utf8'));
  const stages: Instruction[][] = [];
  for (const instruction of file.getInstructions()) {
    if (instruction.getKeyword() === 'FROM') stages.push([]);
    stages.at(-1)!.push(instruction);
  }
  return stages;
}
