// Checks the types of all projects of this repository.
import { compile } from './compile.mjs';

for (const project of [
  'tsconfig.json',
  'test/apps',
  'examples/travel-desk/tsconfig.json',
  'examples/travel-desk/src/page/public',
]) {
  compile(project, ['--noEmit']);
}
