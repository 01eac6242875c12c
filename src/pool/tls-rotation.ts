import type { Clock } from '../base/clock.js';
import type { EventSink } from '../call/event-sink.js';
import type { TlsReloadEvent } from '../call/events.js';
import type { TlsSettings } from '../options/resolve-sections.js';
import {
  type FilesRead,
  type Judged,
  judgeTlsFiles,
  readTlsFiles,
  readTlsFilesNow,
  type TlsMaterial,
} from './tls-files.js';

/** What is known of the files of `tls.files`. */
export type TlsFilesState = Omit<TlsReloadEvent, 'pool'>;

/**
 * How long files must stay as they are before they count, in milliseconds: who writes certificate and key writes one after the other, and
 * half of a list of authorities is a list of authorities.
 */
const SETTLE_MS = 1_000;

export interface TlsRotationContext {
  /** The id of the pool. */
  readonly pool: string;
  readonly clock: Clock;
  readonly events: EventSink;
  /** Has new sockets use it. */
  readonly use: (material: TlsMaterial) => void;
}

/**
 * The files that a pool's certificates are in. They are read anew, all of them, at an interval: that finds whatever way they were
 * changed in (written in place, renamed, a symlink that leads elsewhere, on any file system), and holds nothing open.
 */
export class TlsRotation {
  readonly material: TlsMaterial;
  readonly #settings: TlsSettings;
  /** Of the contents that are in use. */
  #inUse: string;
  /** Of the contents that were judged last. */
  #judged: string;
  /** Of those that were found last. */
  #found: string;
  #state: TlsFilesState;
  #timer: unknown;
  #isOver = false;

  private constructor(settings: TlsSettings, { digest }: FilesRead, judged: Exclude<Judged, { problems: unknown }>) {
    this.#settings = settings;
    this.material = judged.material;
    this.#inUse = this.#judged = this.#found = digest;
    this.#state = { validTo: judged.validTo, failure: undefined };
  }

  /**
   * Reads the files at once.
   * @returns undefined where there are none
   * @param refuse takes the problems of files that cannot be used
   */
  static open(settings: TlsSettings, refuse: (problems: readonly string[]) => Error): TlsRotation | undefined {
    if (!settings.files) return undefined;
    const read = readTlsFilesNow(settings.files);
    const judged = judgeTlsFiles(settings, read);
    if ('problems' in judged) throw refuse(judged.problems);
    return new TlsRotation(settings, read, judged);
  }

  get state(): TlsFilesState {
    return this.#state;
  }

  /**
   * Watches the files, where that is asked for. It keeps no process alive.
   * @returns ends it
   */
  watch(context: TlsRotationContext): () => void {
    const { files, watch } = this.#settings;
    if (!watch) return () => {};
    const { clock } = context;
    const later = (ms: number) => {
      this.#timer = clock.setTimeout(look, ms);
      (this.#timer as Partial<NodeJS.Timeout>).unref?.();
    };
    const look = () => {
      void readTlsFiles(files!).then((read) => {
        if (this.#isOver) return;
        later(this.#take(read, context) ? watch.intervalMs : Math.min(SETTLE_MS, watch.intervalMs));
      });
    };
    later(watch.intervalMs);
    return () => {
      this.#isOver = true;
      clock.clearTimeout(this.#timer);
    };
  }

  /** @returns whether there is nothing to come back to soon */
  #take(read: FilesRead, context: TlsRotationContext): boolean {
    const { digest } = read;
    const isSettled = digest === this.#found;
    this.#found = digest;
    if (digest === this.#judged) return true;
    if (!isSettled) return false;
    this.#judged = digest;
    const judged = judgeTlsFiles(this.#settings, read);
    if ('problems' in judged) {
      this.#fail(judged.problems.join('; '), context);
      return true;
    }
    const isNew = digest !== this.#inUse;
    const wasFailing = this.#state.failure !== undefined;
    this.#state = { validTo: judged.validTo, failure: undefined };
    this.#inUse = digest;
    if (isNew) context.use(judged.material);
    if (isNew || wasFailing) this.#tell(context);
    return true;
  }

  #fail(failure: string, context: TlsRotationContext): void {
    const wasFailing = this.#state.failure !== undefined;
    this.#state = { ...this.#state, failure };
    if (!wasFailing) this.#tell(context);
  }

  #tell({ pool, events }: TlsRotationContext): void {
    if (events.wants('tls:reload')) events.publish('tls:reload', { pool, ...this.#state });
  }
}
