import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const dist = (file: string) => new URL(`../../dist/${file}`, import.meta.url).pathname;

export interface RunningProcess {
  readonly child: ChildProcess;
  /** What it printed as errors so far. */
  readonly errors: readonly string[];
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
  /** The first line, printed or to come, that has this part; rejects when the process ends without it. */
  readonly line: (part: string) => Promise<string>;
  /** The same of the lines about the pool of the default client. */
  readonly poolLine: (part: string) => Promise<string>;
  /** The address where it listens, once it does. */
  readonly listening: () => Promise<string>;
}

/**
 * The example as `npm start` runs it, on free ports of loopback.
 * @param before code to run before the app's own
 * @param maxFiles how many file descriptors it may have; left out: as many as this process
 */
export function startProcess({
  env = {},
  before = '',
  maxFiles,
}: { env?: Record<string, string>; before?: string; maxFiles?: number } = {}): RunningProcess {
  const limited = maxFiles === undefined ? [] : ['sh', '-c', `ulimit -n ${maxFiles} && exec "$0" "$@"`];
  const [command, ...args] = [
    ...limited,
    process.execPath,
    '--import',
    `data:text/javascript,${before}`,
    dist('main.js'),
  ];
  const child = spawn(command, args, {
    env: { ...process.env, NO_COLOR: '1', PORT: '0', UPSTREAM_PORT: '0', ...env },
  });
  const lines: string[] = [];
  const errors: string[] = [];
  const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const exited = once(child, 'close').then(([code, signal]) => [code, signal] as const);
  const ended = exited.then(() => {
    throw new Error(`the process has ended: ${errors.join('\n')}`);
  });
  ended.catch(() => {}); // it is an error only for who waits for a line
  const line = async (part: string): Promise<string> => {
    for (;;) {
      const found = lines.find((candidate) => candidate.includes(part));
      if (found) return found;
      await Promise.race([once(output, 'line'), ended]);
    }
  };
  const poolLine = async (part: string) => {
    const [, id] = /on pool (\w+)/.exec(await line('Client "default"'))!;
    return line(`Pool ${id}: ${part}`);
  };
  const listening = async () => /http:\S+/.exec(await line('Open http'))![0];
  return { child, errors, exited, line, poolLine, listening };
}
