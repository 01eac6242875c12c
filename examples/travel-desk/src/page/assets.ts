import { Injectable } from '@nestjs/common';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('public', import.meta.url));

/** Extension → media type. What has another extension is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

export interface Asset {
  readonly type: string;
  readonly text: string;
}

/** The files of the page, as they are in `public`; whatever else is asked for, there is none. */
@Injectable()
export class Assets {
  /** Path below `public`, with slashes → file. */
  readonly #all: ReadonlyMap<string, Asset> = new Map(
    readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
      const type = TYPES[extname(path)];
      return type ? [[path.replaceAll('\\', '/'), { type, text: readFileSync(join(FOLDER, path), 'utf8') }]] : [];
    }),
  );

  /** @param path as `fields/format.js` */
  find(path: string): Asset | undefined {
    return this.#all.get(path);
  }
}
