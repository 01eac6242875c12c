import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { type Settings, type SettingsInput, SettingsSchema } from './schema.js';

/** Environment variable → where it goes. */
const VARIABLES = {
  HOST: ['host'],
  PORT: ['port'],
  UPSTREAM_PORT: ['upstreamPort'],
  ENGINE: ['engine'],
  SEED: ['seed'],
  REDIS_URL: ['redisUrl'],
  MONITOR_INTERVAL_MS: ['monitor', 'intervalMs'],
  MONITOR_JITTER_MS: ['monitor', 'jitterMs'],
  MONITOR_MAX_SOCKETS: ['monitor', 'maxSockets'],
  MONITOR_SLICE_SIZE: ['monitor', 'sliceSize'],
  FARES_DEADLINE_MS: ['fares', 'deadlineMs'],
  FARES_MAX_SOCKETS: ['fares', 'maxSockets'],
} as const;

type Tree = { [name: string]: unknown };

/**
 * The settings from the environment, over those from the JSON file that TRAVEL_DESK_CONFIG names, over the defaults.
 * @throws Error with a line for every one that is wrong, and where it was set
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const file = env.TRAVEL_DESK_CONFIG;
  const given = file === undefined ? {} : readTree(file);
  /** Path of a setting → the variable that it comes from. */
  const variables = new Map<string, string>();
  for (const [variable, path] of Object.entries(VARIABLES)) {
    const text = env[variable];
    if (text === undefined) continue;
    variables.set(path.join('.'), variable);
    put(given, path, variable === 'HOST' || !/^\d+$/.test(text) ? text : Number(text));
  }
  const { success, output, issues } = v.safeParse(SettingsSchema, given);
  if (success) return output;
  const lines = issues.map((issue) => {
    const path = v.getDotPath(issue) ?? '';
    const variable = variables.get(path);
    const where = variable ?? [file, path].filter(Boolean).join(': ');
    return `${where}: ${problemOf(issue, variable && env[variable])}`;
  });
  throw new Error(lines.join('\n'));
}

/** The settings with what is given over the defaults. */
export const settingsWith = (given: SettingsInput = {}): Settings => v.parse(SettingsSchema, given);

/** @param text of the environment variable that it comes from */
function problemOf({ type, message, expected, path, input }: v.BaseIssue<unknown>, text: string | undefined): string {
  const got = JSON.stringify(text ?? path?.at(-1)?.value ?? input);
  if (type !== 'strict_object') return `${message}, got ${got}`;
  return expected === 'never' ? 'there is no such setting' : `expected an object, got ${got}`;
}

function readTree(file: string): Tree {
  try {
    const tree: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isTree(tree)) return tree;
  } catch (error) {
    throw new Error(`TRAVEL_DESK_CONFIG: ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  throw new Error(`TRAVEL_DESK_CONFIG: ${file}: expected an object`);
}

function put(tree: Tree, [name, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) tree[name!] = value;
  else {
    const below = tree[name!];
    // What is no object stays, for its problem to be listed.
    if (below === undefined || isTree(below)) put((tree[name!] = below ?? {}), rest, value);
  }
}

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
