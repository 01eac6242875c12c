// Completes the ES modules that `nest build` wrote to dist: the same in CommonJS, and the entry files that package.json's `exports` name.
// (Entries find `createRequire` in a way that bundlers do not follow: a bundle needs one of the builds.)
// An entry returns the exports of whichever build the process loaded first: src/nest/copies.ts.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const cjs = join(dist, 'cjs');
const { exports, peerDependenciesMeta } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

rmSync(cjs, { recursive: true, force: true });
for (const file of ts.sys.readDirectory(dist, ['.d.ts'])) {
  const declarations = withOptionalPeers(readFileSync(file, 'utf8'));
  writeFileSync(file, declarations);
  const path = relative(dist, file);
  write(join(cjs, path), forBothAxios(path, withoutAxiosError(declarations))); // the package.json below makes it CommonJS
}

const { config } = ts.readConfigFile(join(root, 'tsconfig.build.json'), (path) => ts.sys.readFile(path));
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const compilerOptions = { ...options, module: ts.ModuleKind.CommonJS, verbatimModuleSyntax: false, declaration: false };
for (const file of fileNames) {
  const path = relative(options.rootDir, file).replace(/ts$/, 'js');
  const target = join(cjs, path);
  const source = readFileSync(file, 'utf8');
  const { outputText, sourceMapText } = ts.transpileModule(source, { compilerOptions, fileName: file });
  const map = { ...JSON.parse(sourceMapText), sources: [relative(dirname(target), file)] };
  write(target, withOptionalRequire(outputText));
  write(`${target}.map`, JSON.stringify(map));
}
write(join(cjs, 'package.json'), '{ "type": "commonjs" }\n');

for (const conditions of Object.values(exports)) {
  if (typeof conditions === 'string') continue; // package.json itself
  const file = conditions.import.types.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1.js');
  const names = Object.keys(await import(pathToFileURL(join(dist, file)).href));
  write(
    join(root, conditions.import.default),
    `import { oneBuild } from '../nest/copies.js';
import * as own from '../${file}';

const url = import.meta.url;
export const {
${names.map((name) => `  ${name},\n`).join('')}} = oneBuild({
  build: 'import',
  url,
  own: () => own,
  other: () => process.getBuiltinModule('node:module').createRequire(url)('../cjs/${file}'),
});
`,
  );
  write(
    join(root, conditions.require.default),
    `const { pathToFileURL } = require('node:url');
const { oneBuild } = require('../cjs/nest/copies.js');

module.exports = oneBuild({
  build: 'require',
  url: typeof __filename === 'undefined' ? undefined : pathToFileURL(__filename).href,
  own: () => require('../cjs/${file}'),
  other: () => process.getBuiltinModule('node:module').createRequire(__filename)('../${file}'),
});
`,
  );
}

/** Bundlers pack an app without a package that is missing if its `require` stands in a `try`. */
function withOptionalRequire(code) {
  return code.replaceAll(
    /Promise\.resolve\(\)\.then\(\(\) => __importStar\((require\('[^']+'\))\)\)/g,
    '(() => { try { return Promise.resolve($1); } catch (error) { return Promise.reject(error); } })()',
  );
}

/** An app that checks the declarations of its packages (`skipLibCheck: false`) may lack an optional peer: its types are `any` then. */
function withOptionalPeers(declarations) {
  const peers = Object.keys(peerDependenciesMeta).join('|');
  return declarations.replace(new RegExp(`^(?=import .* from '(${peers})';$)`, 'gm'), '// @ts-ignore\n');
}

/**
 * axios declares `AxiosError` for CommonJS as an alias of a class that it does not export: nothing can be added to it, only to `Error`, which it
 * extends. As `any`, so that no class of an app that extends `Error` and has a property of such a name stops compiling.
 */
function withoutAxiosError(declarations) {
  return declarations.replace(
    /declare module 'axios' \{(\s*)interface AxiosError \{(.*?)^\}$/ms,
    (_, indent, members) => {
      const untyped = members.replace(/^( *\w+\?): .*;$/gm, '$1: any;');
      return `declare global {${indent}interface Error {${untyped}}`;
    },
  );
}

/**
 * A CommonJS app on Nest 12 meets the types of both builds of axios: its own imports bring those of CommonJS, `HttpService` those of the ES modules. So
 * what adds to the first brings what adds to the second. (Where there are only the latter, as with `node10`, package.json's `types` leads to the ES modules.)
 */
function forBothAxios(path, declarations) {
  if (!/^declare (module 'axios'|global) /m.test(declarations)) return declarations;
  const depth = path.split(sep).length;
  return `/// <reference path="${'../'.repeat(depth)}${path.split(sep).join('/')}" />\n${declarations}`;
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
