// Yarn's Plug'n'Play has no node_modules: a package can load only what it declares, out of archives. For check-package.mjs.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Installs the tarball with Yarn, compiles against it, and runs an app of each kind.
 * @param folder is made
 * @param yarn the path of its program
 * @param files name → content: apps (`.cjs`, `.mjs`), and a `.ts` to compile
 */
export function checkPlugAndPlay({ folder, tarball, yarn, dependencies, files, works, run, report }) {
  mkdirSync(folder);
  const write = (name, content) => writeFileSync(join(folder, name), content);
  write(
    'package.json',
    JSON.stringify({ name: 'app', private: true, dependencies: { ...dependencies, 'nest-outbound': tarball } }),
  );
  write('yarn.lock', ''); // it is a project of its own
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  const settings = { nodeLinker: 'pnp', npmRegistryServer: registry, enableTelemetry: false, enableGlobalCache: false };
  // Nothing of it outlives the folder, and nothing is compressed for that.
  write('.yarnrc.yml', JSON.stringify({ ...settings, compressionLevel: 0, enableImmutableInstalls: false }));
  for (const [name, content] of Object.entries(files)) write(name, content);

  const ran = (...args) => run(process.execPath, [yarn, ...args], { cwd: folder });
  const installed = ran('install');
  report("Yarn's Plug'n'Play: install", installed.status === 0, installed.output);
  if (installed.status !== 0) return;
  for (const name of Object.keys(files).filter((file) => !file.endsWith('.ts'))) {
    const { output } = ran('node', name);
    report(`Yarn's Plug'n'Play: ${name}`, works(output), output);
  }
  const flags =
    '--module nodenext --target es2022 --strict --noEmit --experimentalDecorators --emitDecoratorMetadata --skipLibCheck --types node';
  const compiled = ran('tsc', ...flags.split(' '), ...Object.keys(files).filter((file) => file.endsWith('.ts')));
  report("Yarn's Plug'n'Play: TypeScript", compiled.status === 0, compiled.output);
}
