import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const dist = (file: string) => new URL(`../../dist/${file}`, import.meta.url).pathname;
/** import() opens hundreds of files at once while it loads them; what is required before is read one by one. */
const REQUIRE_FIRST = ['--disable-warning=ExperimentalWarning', '--require', dist('create-app.js')];

export const ANY_PORTS = { PORT: '0', UPSTREAM_PORT: '0' };

export interface RunningProcess {
  readonly child: ChildProcess;
  /** Lines of stderr. */
  readonly errors: readonly string[];
  /** The first line of stdout, printed or to come, that has this part. */
  readonly line: (part: string) => Promise<string>;
  /** Where it listens, once it does. */
  readonly url: () => Promise<string>;
}

/**
 * The example as `npm start` runs it.
 * @param maxFiles how many file descriptors it may have; left out: as many as this process
 */
export function startProcess(env: Record<string, string>, maxFiles?: number): RunningProcess {
  const main = dist('main.js');
  const [command, ...args] =
    maxFiles === undefined
      ? [process.execPath, main]
      : ['sh', '-c', `ulimit -n ${maxFiles} && exec "$0" "$@"`, process.execPath, ...REQUIRE_FIRST, main];
  const child = spawn(command, args, { env: { ...process.env, NO_COLOR: '1', ...env } });
  const lines: string[] = [];
  const errors: string[] = [];
  const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const ended = once(child, 'close').then(() => {
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
  return { child, errors, line, url: async () => (await line('Open http')).match(/http:\S+/)![0] };
}
