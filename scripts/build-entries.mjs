// Completes the ES modules that were compiled to dist: the same in CommonJS, and the entry files that package.json's `exports` name.
// (Entries find `createRequire` in a way that bundlers do not follow: a bundle needs one of the builds.)
// An entry returns the exports of whichever build the process loaded first: src/nest/copies.ts.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compile } from './compile.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const cjs = join(dist, 'cjs');
const { exports, peerDependenciesMeta } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

rmSync(cjs, { recursive: true, force: true });
const declared = filesIn(dist, '.d.ts');
// Types and declarations are those of the ES modules.
const flags = '--module commonjs --moduleResolution bundler --verbatimModuleSyntax false --declaration false --noCheck';
compile('tsconfig.build.json', ['--outDir', cjs, ...flags.split(' ')]);
for (const path of filesIn(cjs, '.js')) {
  const file = join(cjs, path);
  writeFileSync(file, withOptionalRequire(readFileSync(file, 'utf8')));
}
for (const path of declared) {
  const file = join(dist, path);
  const declarations = withOptionalPeers(readFileSync(file, 'utf8'));
  writeFileSync(file, declarations);
  write(join(cjs, path), forBothAxios(path, withoutAxiosError(declarations))); // the package.json below makes it CommonJS
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

/** @returns paths in the folder */
function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true }).filter((path) => path.endsWith(ending));
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
