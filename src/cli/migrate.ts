import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { migrateSource } from './migrate-source.js';
import type { TypeScript } from './typescript.js';

/** What was done, and what is left for a person. */
export interface MigrationReport {
  readonly files: number;
  /** Path → places changed. */
  readonly changed: ReadonlyMap<string, number>;
  /** `path:line  sentence`, in the order of the paths and lines before the change. */
  readonly remarks: readonly string[];
}

const SOURCE = /\.[cm]?[jt]sx?$/;
const DECLARATION = /\.d\.[cm]?ts$/;
/** Of tools, and what they make. */
const SKIPPED = /^(?:node_modules|dist|build|coverage|out|\..+)$/;

/**
 * Changes the source files below these paths.
 * @param folder that paths are relative to, in the report, too
 * @param write writes a file; without, nothing is written
 * @throws Error for a path that is not there
 */
export function migrate(
  typescript: TypeScript,
  folder: string,
  paths: readonly string[],
  write: ((path: string, text: string) => void) | undefined = writeFileSync,
): MigrationReport {
  const changed = new Map<string, number>();
  const remarks: string[] = [];
  const files = [...new Set(paths.flatMap((path) => filesBelow(join(folder, path))))].toSorted();
  for (const file of files) {
    const path = relative(folder, file);
    const before = readFileSync(file, 'utf8');
    const { text, changes, remarks: own } = migrateSource(typescript, path, before);
    for (const remark of own) remarks.push(`${path}:${remark.line}  ${remark.text}`);
    if (changes === 0) continue;
    changed.set(path, changes);
    write?.(file, text);
  }
  return { files: files.length, changed, remarks };
}

function filesBelow(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`there is no ${path}`);
  if (found.isFile()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return SKIPPED.test(entry.name) ? [] : filesBelow(inner);
    return entry.isFile() && SOURCE.test(entry.name) && !DECLARATION.test(entry.name) ? [inner] : [];
  });
}

/** What the command prints. */
export function reportLines({ files, changed, remarks }: MigrationReport, isDryRun: boolean): string[] {
  const verb = isDryRun ? 'would change' : 'changed';
  const places = [...changed.values()].reduce((sum, count) => sum + count, 0);
  return [
    ...Array.from(changed, ([path, count]) => `${verb} ${path} (${count})`),
    `${files} files read, ${changed.size} ${isDryRun ? 'to change' : 'changed'}, in ${places} places`,
    ...(remarks.length > 0 ? ['', 'For you to decide:', ...remarks.map((remark) => `  ${remark}`)] : []),
  ];
}
