import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Name of a file → what is in it. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** A folder for one test, and the ways in which files are changed in one. */
export class TlsFolder {
  readonly #path = mkdtempSync(join(tmpdir(), 'nest-outbound-tls-'));
  #versions = 0;

  constructor(files: Files = {}) {
    onTestFinished(() => rmSync(this.#path, { recursive: true, force: true }));
    this.write(files);
  }

  path(name: string): string {
    return join(this.#path, name);
  }

  /** In place, as editors and `cp` do. */
  write(files: Files): void {
    for (const [name, contents] of Object.entries(files)) writeFileSync(this.path(name), contents);
  }

  /** Beside it, and then in its place, as cert-manager and certbot do. */
  rename(files: Files): void {
    for (const [name, contents] of Object.entries(files)) {
      writeFileSync(this.path(`${name}.new`), contents);
      renameSync(this.path(`${name}.new`), this.path(name));
    }
  }

  remove(name: string): void {
    rmSync(this.path(name));
  }

  /** As Kubernetes mounts a secret: each file is a symlink into `..data`, itself a symlink that is swapped for another. */
  mount(files: Files): void {
    const version = `..${++this.#versions}`;
    mkdirSync(this.path(version));
    for (const [name, contents] of Object.entries(files)) writeFileSync(this.path(join(version, name)), contents);
    symlinkSync(version, this.path('..data_tmp'));
    renameSync(this.path('..data_tmp'), this.path('..data'));
    if (this.#versions > 1) return;
    for (const name of Object.keys(files)) symlinkSync(join('..data', name), this.path(name));
  }
}
