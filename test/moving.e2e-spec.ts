import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { main } from '../src/cli/main.js';
import { nestAdd, type NestAddOptions, migrateTree, type Tree } from '../src/cli/schematic.js';

const fixtures = join(import.meta.dirname, 'fixtures/moving');

/** A copy of an app as it was before. */
function copyOf(app: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nest-outbound-moving-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(fixtures, app, 'before'), folder, { recursive: true });
  return folder;
}

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();

const run = (folder: string, ...args: string[]) => main(['migrate', ...args], folder, import.meta.filename);

// `npm run check:package` compiles what comes of them.
describe.each(readdirSync(fixtures))('the app "%s"', (app) => {
  it('is moved by `nest-outbound migrate`, which reports what a person must decide', async () => {
    const folder = copyOf(app);
    const { code, lines } = run(folder);
    expect(code).toBe(0);
    for (const path of filesOf(folder)) {
      // Written anew by `npx vitest run test/moving -u`.
      await expect(readFileSync(join(folder, path), 'utf8')).toMatchFileSnapshot(join(fixtures, app, 'after', path));
    }
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(fixtures, app, 'report.txt'));
  });

  it('is left as it is by another run, and by a dry run', () => {
    const folder = copyOf(app);
    const before = filesOf(folder).map((path) => readFileSync(join(folder, path), 'utf8'));
    const dry = run(folder, '--dry-run');
    expect(filesOf(folder).map((path) => readFileSync(join(folder, path), 'utf8'))).toEqual(before);
    const { lines } = run(folder);
    expect(dry.lines.map((line) => line.replace('would change', 'changed').replace('to change', 'changed'))).toEqual(
      lines,
    );
    expect(run(folder).lines).toContainEqual(expect.stringMatching(/0 changed, in 0 places/));
  });
});

describe('the command', () => {
  it('reads single files, and nothing that tools have made', () => {
    const folder = copyOf('generated');
    cpSync(join(folder, 'src'), join(folder, 'dist'), { recursive: true });
    cpSync(join(folder, 'src'), join(folder, 'node_modules/x'), { recursive: true });
    expect(run(folder, 'test/setup.js').lines).toContainEqual(expect.stringMatching(/^1 files read/));
    expect(run(folder).lines.join('\n')).not.toMatch(/dist|node_modules/);
  });

  it.each([
    [[], 1, /^Usage:/],
    [['other'], 1, /^Usage:/],
    [['migrate', '--wet'], 1, /Unknown option '--wet'/],
    [['migrate', 'nowhere'], 1, /there is no .*nowhere/],
    [['--help'], 0, /^Usage:/],
  ])('says what it wants: %j', (args, code, text) => {
    const outcome = main(args, fixtures, import.meta.filename);
    expect(outcome.code).toBe(code);
    expect(outcome.lines.join('\n')).toMatch(text);
  });

  it('says so where there is no TypeScript that it can use', () => {
    const folder = copyOf('generated');
    const outcome = main(['migrate'], folder, join(folder, 'x.js'));
    expect(outcome).toMatchObject({
      code: 1,
      lines: [expect.stringMatching(/needs TypeScript 5 or 6.*found no TypeScript/), '', expect.anything()],
    });
  });
});

describe('nest add', () => {
  const scaffold = {
    'src/main.ts':
      "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module.js';\n\nconst app = await NestFactory.create(AppModule);\nawait app.listen(3000);\n",
    'src/app.module.ts':
      "import { Module } from '@nestjs/common';\n\n@Module({\n  imports: [],\n})\nexport class AppModule {}\n",
  };

  /** @returns the files after, and what was said */
  function add(files: Readonly<Record<string, string>>, options: NestAddOptions = {}, rule = nestAdd(options)) {
    const after: Record<string, string> = { ...files };
    const said: string[] = [];
    const tree: Tree = {
      read: (path) => after[path.replace(/^\//, '')] ?? null,
      overwrite: (path, text) => void (after[path.replace(/^\//, '')] = text),
      getDir: (folder) => ({
        visit: (visitor) => {
          for (const path of Object.keys(after)) if (path.startsWith(`${folder}/`)) visitor(`/${path}`);
        },
      }),
    };
    const logger = { info: (line: string) => void said.push(line), warn: (line: string) => void said.push(line) };
    rule(tree, { logger });
    return { after, said };
  }

  it('imports the module, enables the hooks and provides the filter, once', () => {
    const { after, said } = add(scaffold, { sourceRoot: 'src', filter: true });
    expect(said).toEqual([]);
    expect(after['src/main.ts']).toContain('create(AppModule);\napp.enableShutdownHooks();\n');
    expect(after['src/app.module.ts']).toContain('imports: [HttpClientModule.forRoot()],\n');
    expect(after['src/app.module.ts']).toContain('{ provide: APP_FILTER, useClass: HttpClientExceptionFilter }');
    expect(add(after, { filter: true })).toEqual({ after, said: [] });
  });

  it('finds the root module where main imports it from, or where it is told', () => {
    const moved = {
      'src/main.ts': scaffold['src/main.ts'].replace('./app.module.js', './app'),
      'src/app/index.ts': scaffold['src/app.module.ts'],
    };
    expect(add(moved).after['src/app/index.ts']).toContain('forRoot()');
    const named = { 'apps/x/start.ts': scaffold['src/main.ts'], 'libs/root.ts': scaffold['src/app.module.ts'] };
    const { after, said } = add(named, { main: 'apps/x/start.ts', module: 'libs/root.ts' });
    expect(said).toEqual([]);
    expect(after['libs/root.ts']).toContain('forRoot()');
  });

  it('adds no second import where another module has one', () => {
    const files = {
      ...scaffold,
      'src/http.module.ts': 'HttpClientModule.forRoot({})',
      'src/a.spec.ts': 'HttpClientModule.forRoot()',
    };
    const { after, said } = add(files);
    expect(said).toEqual(['/src/http.module.ts imports HttpClientModule.forRoot() already']);
    expect(after['src/app.module.ts']).toBe(scaffold['src/app.module.ts']);
    expect(after['src/main.ts']).toContain('enableShutdownHooks');
  });

  it('leaves alone what it does not understand, and says what to do', () => {
    const files = {
      'src/main.ts': 'start(AppModule);\n',
      'src/app.module.ts': '@Module(metadata) export class AppModule {}\n',
    };
    const { after, said } = add(files);
    expect(after).toEqual(files);
    expect(said).toEqual([
      expect.stringMatching(/^left alone: src\/main\.ts: call app/),
      expect.stringMatching(/^left alone: src\/app\.module\.ts: add/),
    ]);
    expect(add({}).said).toEqual([
      expect.stringMatching(/src\/main\.ts: there is no such file/),
      expect.stringMatching(/src\/app\.module\.ts: there is no/),
    ]);
  });

  it('has the migration as a schematic, too', () => {
    const files = { 'src/a.ts': "import { HttpService } from '@nestjs/axios';\n", 'src/b.ts': 'new HttpService();\n' };
    const { after, said } = add(files, {}, migrateTree({}));
    expect(after['src/a.ts']).toBe("import { HttpService } from 'nest-outbound';\n");
    expect(said).toEqual([expect.stringMatching(/^\/src\/b\.ts:1 {2}an HttpService made by hand/)]);
  });
});
