import { parseArgs } from 'node:util';
import { migrate, reportLines } from './migrate.js';
import { loadTypeScript } from './typescript.js';

const USAGE = `Usage: nest-outbound migrate [paths] [--dry-run]

Changes imports of @nestjs/axios below the paths (default: the current folder) to nest-outbound, and lists what you must decide.
  --dry-run  writes nothing`;

/** What a command prints, and the process's exit code. */
export interface Outcome {
  readonly code: number;
  readonly lines: readonly string[];
}

/**
 * Runs a command line.
 * @param args without the names of the program
 * @param folder the current one
 * @param own the program's path, beside which TypeScript may be
 */
export function main(args: readonly string[], folder: string, own: string): Outcome {
  try {
    const options = { 'dry-run': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [command, ...paths] = positionals;
    if (values.help) return { code: 0, lines: [USAGE] };
    if (command !== 'migrate') return { code: 1, lines: [USAGE] };
    const isDryRun = values['dry-run'] === true;
    const typescript = loadTypeScript(folder, own);
    const report = migrate(typescript, folder, paths.length > 0 ? paths : ['.'], isDryRun ? () => {} : undefined);
    return { code: 0, lines: reportLines(report, isDryRun) };
  } catch (error) {
    return { code: 1, lines: [`nest-outbound: ${(error as Error).message}`, '', USAGE] };
  }
}
