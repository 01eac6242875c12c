// Packs the package, installs the tarball into empty apps as a user would, and runs them.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const NEST_12 = { '@nestjs/common': '^12', '@nestjs/core': '^12', '@nestjs/axios': '^12' };
const NEST_11 = { '@nestjs/common': '^11', '@nestjs/core': '^11', '@nestjs/axios': '^4' };
const OTHER_PEERS = { axios: '^1', 'reflect-metadata': '^0.2', rxjs: '^7' };

const TESTED_12 = { '@nestjs/testing': '^12', '@nestjs/platform-express': '^12' };
const TESTED_11 = { '@nestjs/testing': '^11', '@nestjs/platform-express': '^11' };
const JEST = { jest: '^30', supertest: '^7' };
const TS_JEST = { 'ts-jest': '^29', typescript: '^5' };

const jest = (...flags) => [...flags, 'node_modules/jest/bin/jest.js', '--detectOpenHandles'];

/** `tests`: what of `scripts/runners` is copied into the app, and how Node is to run it. */
const APPS = [
  {
    name: 'ESM on Nest 12',
    type: 'module',
    nest: { ...NEST_12, ...TESTED_12, ...JEST },
    tests: {
      from: 'esm',
      runners: [
        { name: 'node:test', args: ['--test', '--test-reporter=tap'], passed: /^# pass 3$/m },
        { name: 'jest, ESM', args: jest('--experimental-vm-modules'), passed: /^Tests: +3 passed, 3 total$/m },
      ],
    },
  },
  { name: 'CommonJS on Nest 12', type: 'commonjs', nest: NEST_12 },
  {
    name: 'CommonJS on Nest 11',
    type: 'commonjs',
    nest: { ...NEST_11, ...TESTED_11, ...JEST, ...TS_JEST },
    tests: {
      from: 'commonjs',
      runners: [{ name: 'jest, CommonJS', args: jest(), passed: /^Tests: +4 passed, 4 total$/m }],
    },
  },
];

const IMPORTS = [
  ['{ createServer }', 'node:http'],
  ['{ HttpService }', '@nestjs/axios'],
  ['{ Module }', '@nestjs/common'],
  ['{ NestFactory }', '@nestjs/core'],
  ['{ firstValueFrom }', 'rxjs'],
  ['{ getHttpClientToken, HttpClientModule, PooledHttpService }', 'nest-outbound'],
  ['{ deriveCall }', 'nest-outbound/layers'],
  ['{ redactUrl }', 'nest-outbound/redaction'],
];

const header = {
  module: () => IMPORTS.map(([names, from]) => `import ${names} from '${from}';`).join('\n'),
  commonjs: () => IMPORTS.map(([names, from]) => `const ${names} = require('${from}');`).join('\n'),
};

const BODY = `
async function main() {
  let connections = 0;
  const upstream = createServer((request, response) => response.end('answer')).on('connection', () => connections++);
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  upstream.unref();

  const seen = [];
  const seeing = (next) => (call) => (seen.push(redactUrl(call.config.url)), next(deriveCall(call, {})));
  class AppModule {}
  const baseURL = 'http://127.0.0.1:' + upstream.address().port;
  Module({
    imports: [HttpClientModule.forRoot({ baseURL, layers: [seeing] }), HttpClientModule.forFeature({ name: 'named', baseURL })],
  })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule);
  app.enableShutdownHooks();

  const http = app.get(HttpService);
  if (!(http instanceof PooledHttpService)) throw new Error('HttpService is not ours');
  const { data } = await firstValueFrom(http.get('/?token=secret'));
  if (String(seen) !== '/?token=[redacted]') throw new Error('the layer has seen ' + seen);
  await app.get(getHttpClientToken('named'), { strict: false }).get('/');
  console.log(data, 'on', connections, 'connection');
  process.kill(process.pid, 'SIGTERM');
}
main();
`;

const TYPES = `
import { HttpService } from '@nestjs/axios';
import { Injectable, Module } from '@nestjs/common';
import type { AxiosInstance } from 'axios';
import { type ConnectionPool, HttpClientModule, InjectConnectionPool, InjectHttpClient } from 'nest-outbound';
import { deriveCall, type Handler, type HttpClientLayer } from 'nest-outbound/layers';
import { redactHeaders } from 'nest-outbound/redaction';
import { type HttpTestingController, HttpClientTestingModule, ManualClock } from 'nest-outbound/testing';

@Injectable()
export class Users {
  constructor(
    private readonly http: HttpService,
    @InjectHttpClient('github') private readonly github: AxiosInstance,
    @InjectConnectionPool() private readonly pool: ConnectionPool,
  ) {}
  idle = (): number => this.pool.stats().total.idle;
  calls = () => [this.http.get<string>('/'), this.github.get<string>('/')];
}

export class Passing implements HttpClientLayer {
  wrap = (next: Handler): Handler => (call) => next(deriveCall(call, { deadline: call.deadline }));
}

export const headers = redactHeaders({ authorization: 'Bearer 1' });

export const testing = HttpClientTestingModule.withOptions({ clock: new ManualClock() });
export const answer = (controller: HttpTestingController) => controller.expectOne('/').delay(5).reply(200, { id: 1 });
// @ts-expect-error: no such error
export const fail = (controller: HttpTestingController) => controller.expectOne('/').error('ENOSUCH');

@Module({
  imports: [
    HttpClientModule.forRootAsync({ useFactory: async () => ({ timeouts: { attemptMs: 5_000 } }) }),
    HttpClientModule.forFeature({ name: 'github', baseURL: 'https://github.example' }),
    // @ts-expect-error: no such option
    HttpClientModule.forRoot({ timeout: 5_000 }),
  ],
  providers: [Users],
})
export class AppModule {}
`;

/** How TypeScript finds modules: as Node does, and as it did before packages had `exports`. */
const RESOLUTIONS = ['--module nodenext', '--module commonjs --moduleResolution node10 --ignoreDeprecations 6.0'];

const tsc = (resolution) => [
  join(root, 'node_modules/typescript/bin/tsc'),
  ...`--noEmit --strict ${resolution} --target es2022 --experimentalDecorators --emitDecoratorMetadata`.split(' '),
  ...'--esModuleInterop --skipLibCheck --types node --typeRoots'.split(' '),
  join(root, 'node_modules/@types'),
  'users.ts',
];

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

function run(name, command, args, options) {
  const { status, signal, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  return { name, status, signal, output: stdout + stderr };
}

function pack(folder) {
  const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const packed = Object.values(JSON.parse(json))[0];
  const unexpected = packed.files
    .map(({ path }) => path)
    .filter(
      (path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path) || /\.spec\./.test(path),
    );
  if (unexpected.length > 0) fail(`The package has files it should not have: ${unexpected.join(', ')}`);
  console.log(`packed ${packed.filename}: ${packed.files.length} files, ${packed.unpackedSize} bytes`);
  return join(folder, packed.filename);
}

function checkApp({ name, type, nest, tests }, tarball, folder) {
  mkdirSync(folder);
  const dependencies = { ...nest, ...OTHER_PEERS, 'nest-outbound': `file:${tarball}` };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type, dependencies }));
  writeFileSync(join(folder, 'main.js'), header[type]() + BODY);
  writeFileSync(join(folder, 'users.ts'), TYPES);
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error'],
    { cwd: folder },
  );

  const app = run(name, process.execPath, ['main.js'], { cwd: folder, timeout: 30_000 });
  const works =
    app.signal === 'SIGTERM' && /answer on 1 connection/.test(app.output) && /draining → closed/.test(app.output);
  if (!works) fail(`${name}: ended with ${app.signal ?? app.status} and printed\n${app.output}`);

  let compiles = true;
  for (const resolution of type === 'commonjs' ? RESOLUTIONS : RESOLUTIONS.slice(0, 1)) {
    const types = run(name, process.execPath, tsc(resolution), { cwd: folder });
    if (types.status !== 0) fail(`${name}: types with ${resolution}\n${types.output}`);
    compiles &&= types.status === 0;
  }
  console.log(`${name}: ${works && compiles ? 'works' : 'fails'}`);
  if (tests) checkTests(name, tests, folder);
}

/** Tests of an app, with the testing kit, in a runner that nothing may keep from ending. */
function checkTests(name, { from, runners }, folder) {
  cpSync(join(root, 'scripts/runners', from), folder, { recursive: true });
  for (const { name: runner, args, passed } of runners) {
    const { status, output } = run(runner, process.execPath, args, { cwd: folder, timeout: 120_000 });
    const works = status === 0 && passed.test(output) && !/open handle|did not exit/i.test(output);
    if (!works) fail(`${name}, ${runner}: ended with ${status} and printed\n${output}`);
    console.log(`${name}, ${runner}: ${works ? 'works' : 'fails'}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-package-'));
try {
  const tarball = pack(folder);
  for (const [index, app] of APPS.entries()) checkApp(app, tarball, join(folder, `app-${index}`));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
