import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { loadAll } from 'js-yaml';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const EXAMPLE = join(import.meta.dirname, '../..');
export const REPOSITORY = join(EXAMPLE, '../..');

export type Manifest = [Deployment, Service, PodDisruptionBudget];

/** Every document of kubernetes.yaml, in order. */
export const readManifest = (): Manifest =>
  loadAll(readFileSync(join(EXAMPLE, 'kubernetes.yaml'), 'utf8')) as unknown as Manifest;

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
