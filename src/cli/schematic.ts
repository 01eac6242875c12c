import { posix } from 'node:path';
import { addShutdownHooks, type Added, addToModule, bootstrapOf } from './add-module.js';
import { migrateSource } from './migrate-source.js';
import { loadTypeScript, type TypeScript } from './typescript.js';

/** Of @angular-devkit/schematics' Tree, what is used here: this package does not depend on it. */
export interface Tree {
  read(path: string): { toString(): string } | null;
  overwrite(path: string, content: string): void;
  getDir(path: string): { visit(visitor: (path: string) => void): void };
}

export interface Context {
  readonly logger: { info(message: string): void; warn(message: string): void };
}

type Rule = (tree: Tree, context: Context) => Tree;

/** Options of `nest add nest-outbound`. */
export interface NestAddOptions {
  /** Passed by the Nest CLI. */
  readonly sourceRoot?: string;
  /** The file with `NestFactory.create`. */
  readonly main?: string;
  /** The file with the root module. */
  readonly module?: string;
  /** Whether the exception filter is provided, too. */
  readonly filter?: boolean;
}

/** Imports `HttpClientModule.forRoot()` in the root module and enables the shutdown hooks. Run again, it changes nothing. */
export function nestAdd(options: NestAddOptions): Rule {
  return (tree, { logger }) => {
    const typescript = loadTypeScript(process.cwd(), ownPath());
    const { sourceRoot = 'src', filter = false } = options;
    const mainPath = options.main ?? posix.join(sourceRoot, 'main.ts');
    const main = tree.read(mainPath)?.toString();
    const bootstrap = main === undefined ? undefined : bootstrapOf(typescript, mainPath, main);
    const change = (path: string, edit: (text: string) => Added) => {
      const before = tree.read(path)?.toString();
      if (before === undefined) return logger.warn(`${path}: there is no such file; name it with --main or --module`);
      const { text, left } = edit(before);
      if (left !== undefined) logger.warn(`left alone: ${left}`);
      if (text !== before) tree.overwrite(path, text);
    };
    change(mainPath, (text) => addShutdownHooks(typescript, mainPath, text));
    const modulePath = options.module ?? rootModulePath(tree, mainPath, sourceRoot, bootstrap?.from);
    const other = importElsewhere(tree, sourceRoot, modulePath);
    if (other !== undefined) logger.info(`${other} imports HttpClientModule.forRoot() already`);
    const name = options.module === undefined ? bootstrap?.rootModule : undefined;
    change(modulePath, (text) =>
      addToModule(typescript, modulePath, text, { name, filter, root: other === undefined }),
    );
    return tree;
  };
}

/** Changes imports of @nestjs/axios to ours, and logs what a person must decide: what `npx nest-outbound migrate` does. */
export function migrateTree({ sourceRoot = 'src' }: { readonly sourceRoot?: string }): Rule {
  return (tree, { logger }) => {
    const typescript = loadTypeScript(process.cwd(), ownPath());
    for (const path of sourcesBelow(tree, sourceRoot)) migrateIn(typescript, tree, path, logger);
    return tree;
  };
}

function migrateIn(typescript: TypeScript, tree: Tree, path: string, logger: Context['logger']): void {
  const { text, changes, remarks } = migrateSource(typescript, path, tree.read(path)!.toString());
  for (const remark of remarks) logger.warn(`${path}:${remark.line}  ${remark.text}`);
  if (changes > 0) tree.overwrite(path, text);
}

function rootModulePath(tree: Tree, main: string, sourceRoot: string, from: string | undefined): string {
  if (from?.startsWith('.')) {
    const path = posix.join(posix.dirname(main), from);
    const found = [path.replace(/\.js$/, '.ts'), `${path}.ts`, `${path}/index.ts`].find((candidate) =>
      tree.read(candidate),
    );
    if (found !== undefined) return found;
  }
  return posix.join(sourceRoot, 'app.module.ts');
}

/** A second import would stop the app's start. */
function importElsewhere(tree: Tree, sourceRoot: string, modulePath: string): string | undefined {
  const isTheModule = (path: string) => posix.relative('/', posix.join('/', path)) === posix.normalize(modulePath);
  return sourcesBelow(tree, sourceRoot).find(
    (path) =>
      !isTheModule(path) && !/[.-]spec\./.test(path) && /\bHttpClientModule\.forRoot/.test(tree.read(path)!.toString()),
  );
}

function sourcesBelow(tree: Tree, folder: string): string[] {
  const paths: string[] = [];
  tree.getDir(folder).visit((path) => {
    if (/\.[cm]?ts$/.test(path) && !/\.d\.[cm]?ts$|(?:^|\/)(?:node_modules|dist)\//.test(path)) paths.push(path);
  });
  return paths;
}

/** Schematics are loaded as CommonJS. */
const ownPath = (): string => (typeof __filename === 'string' ? __filename : process.cwd());
