// Which folder of src may import values from which. `npm run check:imports` fails for anything else.

/**
 * Folder → the folders it may import values from. A folder names only folders above it, so there is no cycle of folders.
 * Types may come from anywhere but the testing kit. Cycles of files are found by `import/no-cycle` in .oxlintrc.json.
 */
const ALLOWED = {
  base: [],
  redaction: ['base'],
  errors: ['base', 'redaction'],
  call: ['base', 'redaction', 'errors'],
  guard: ['base', 'call'],
  layers: ['base', 'errors', 'call'],
  options: ['base', 'redaction', 'errors', 'call', 'guard', 'layers'],
  telemetry: ['base', 'redaction', 'errors', 'call'],
  inbound: ['base', 'errors', 'call'],
  gather: ['base'],
  redis: ['base', 'errors', 'layers'],
  pool: ['base', 'call', 'guard'],
  transport: ['base', 'redaction', 'errors', 'call', 'guard', 'pool'],
  client: ['base', 'redaction', 'errors', 'call', 'guard', 'layers', 'options', 'inbound', 'pool', 'transport'],
  contracts: ['base', 'errors', 'call'],
  nest: ['base', 'redaction', 'errors', 'call', 'layers', 'options', 'telemetry', 'inbound', 'client', 'contracts'],
  cli: [],
  testing: ['base', 'redaction', 'errors', 'call', 'layers', 'options', 'transport', 'client', 'contracts', 'nest'],
};

const folders = Object.keys(ALLOWED);
for (const [place, [folder, allowed]] of Object.entries(ALLOWED).entries()) {
  const later = allowed.filter((name) => !folders.slice(0, place).includes(name));
  if (later.length > 0)
    throw new Error(`${folder} may not import from ${later.join(', ')}: it must stand above ${folder} in the list`);
}

const VALUE = { dependencyTypesNot: ['type-only'] };

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(ALLOWED).map(([folder, allowed]) => ({
      name: `values-of-${folder}`,
      comment: `src/${folder} may import values from: ${allowed.join(', ') || 'nothing'}`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/(${[folder, ...allowed].join('|')})/`, ...VALUE },
    })),
    {
      name: 'every-folder-is-listed',
      comment: 'A new folder of src needs a line in .dependency-cruiser.mjs',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: `^src/(${folders.join('|')})/` },
    },
    {
      name: 'the-kit-is-for-tests',
      comment: 'Nothing outside of src/testing imports from it, not even types',
      severity: 'error',
      from: { pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'nothing-imports-an-entry',
      comment: 'Import from the file that has it, not from an entry of the package',
      severity: 'error',
      from: {},
      to: { path: '/index[.]ts$' },
    },
    {
      name: 'no-dead-files',
      comment:
        'A file that no entry of the package reaches is not needed; scripts/build-entries.mjs has the entries import copies.ts',
      severity: 'error',
      from: { path: '/(index|cli/bin|cli/schematic)[.]ts$' },
      to: {
        path: '^src/',
        pathNot: ['/(index|cli/bin|cli/schematic)[.]ts$', '^src/nest/copies[.]ts$'],
        reachable: false,
      },
    },
  ],
  options: {
    exclude: { path: '[.]spec[.]ts$' },
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^src/',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.build.json' },
  },
};
