// Makes scripts/scaffolds anew: what `nest new` writes, with Nest 11 and 12. check-package.mjs has the package work in them as they are.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const scaffolds = fileURLToPath(new URL('scaffolds', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-scaffolds-')); // not in here: the CLI hands over to one that is installed nearby
try {
  rmSync(scaffolds, { recursive: true, force: true });
  for (const major of [11, 12]) {
    const flags = ['--directory', `nest-${major}`, '--skip-git', '--skip-install', '--package-manager', 'npm'];
    execFileSync('npx', ['--yes', `@nestjs/cli@${major}`, 'new', 'app', ...flags], { cwd: folder, stdio: 'inherit' });
    rmSync(join(folder, `nest-${major}`, 'README.md'));
  }
  cpSync(folder, scaffolds, { recursive: true });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
