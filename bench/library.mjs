// npm has put a copy of the library into node_modules (install-links), so that its imports are those of every contender:
// one axios, one agentkeepalive. This is what keeps the copy equal to what has been built.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installed = fileURLToPath(new URL('node_modules/', import.meta.url));
const copy = join(installed, 'nest-outbound');

const PACKAGES = [
  '@nestjs/axios',
  '@nestjs/core',
  'agentkeepalive',
  'axios',
  'got',
  'ky',
  'nest-outbound',
  'rxjs',
  'undici',
];

export function refreshLibrary() {
  if (!existsSync(copy)) throw new Error('Nothing is installed: npm ci --prefix bench');
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('The library is not built: npm run build');
  rmSync(join(copy, 'dist'), { recursive: true, force: true });
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
}

export function versions() {
  const read = (name) => JSON.parse(readFileSync(join(installed, name, 'package.json'), 'utf8')).version;
  return { node: process.version, ...Object.fromEntries(PACKAGES.map((name) => [name, read(name)])) };
}

/** @returns the commit that was measured, and whether the source differs from it; undefined outside of git */
export function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return { id: git('rev-parse', '--short', 'HEAD'), isModified: git('status', '--porcelain', 'src') !== '' };
  } catch {
    return undefined;
  }
}
