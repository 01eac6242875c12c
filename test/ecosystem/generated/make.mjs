// Makes the clients of orval and hey-api anew, of pets.openapi.json. Their generators are large, so they are installed for this only.
// typescript-nestjs is written by hand: see its README.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-generated-'));
const run = (command, ...args) => execFileSync(command, args, { cwd: folder, stdio: 'inherit' });
try {
  cpSync(join(here, 'pets.openapi.json'), join(folder, 'pets.openapi.json'));
  cpSync(join(here, 'orval/mutator.ts'), join(folder, 'orval/mutator.ts'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { module: 'nodenext' } }));
  const orval = (output) => ({ input: './pets.openapi.json', output: { mode: 'single', ...output } });
  const mutator = { path: './orval/mutator.ts', name: 'request' };
  const configs = {
    functions: orval({ target: './orval/functions.ts', client: 'axios-functions', override: { mutator } }),
    factory: orval({ target: './orval/factory.ts', client: 'axios' }),
  };
  writeFileSync(join(folder, 'orval.config.mjs'), `export default ${JSON.stringify(configs)};`);
  const heyApi = {
    input: './pets.openapi.json',
    output: { path: './hey-api', module: { extension: '.js' } },
    plugins: ['@hey-api/client-axios', '@hey-api/typescript', '@hey-api/sdk'],
  };
  writeFileSync(join(folder, 'openapi-ts.config.mjs'), `export default ${JSON.stringify(heyApi)};`);
  run(
    'npm',
    'install',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    'orval@8',
    '@hey-api/openapi-ts@0.99',
    'typescript@5',
  );
  run('npx', 'orval', '--config', 'orval.config.mjs');
  run('npx', 'openapi-ts', '-f', 'openapi-ts.config.mjs');
  for (const made of ['orval', 'hey-api']) cpSync(join(folder, made), join(here, made), { recursive: true });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
