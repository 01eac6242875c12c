import { Logger, type LogLevel } from '@nestjs/common';
import type { Clock } from '../../base/clock.js';
import { type HttpClientEvents, tolerantListener } from '../../call/event-sink.js';
import type { LoggingSettings } from '../../options/resolve-sections.js';
import { logAddresses } from './balancing.js';
import { logCalls } from './calls.js';
import { sharedLine, tlsLine } from './lines.js';
import { messagesFor } from './messages.js';

interface LogEntry {
  readonly level: LogLevel;
  readonly line: string;
  readonly fields: object | undefined;
}

/** The log of one app's clients, by Nest's logger. A logger that throws does no harm: pools are drained all the same. */
export class HttpClientLog {
  readonly #lifecycle: LogLevel | false;
  readonly #logger = new Logger('HttpClientModule');
  readonly #log = tolerantListener<LogEntry>('logging', ({ level, line, fields }) =>
    this.#logger[level](...messagesFor(this.#logger.localInstance, line, fields)),
  );
  /** Of calls. */
  readonly end: () => void;

  constructor(settings: LoggingSettings, events: HttpClientEvents, clock: Clock) {
    const { lifecycle } = settings;
    this.#lifecycle = lifecycle;
    const write = (level: LogLevel, line: string, fields?: object) => this.#log({ level, line, fields });
    this.end = logCalls(events, settings, clock, write);
    if (!lifecycle) return;
    events.on('tls:reload', (event) => write(event.failure === undefined ? lifecycle : 'warn', tlsLine(event)));
    events.on('shared:state', (event) => write(event.to === 'unavailable' ? 'warn' : lifecycle, sharedLine(event)));
    logAddresses(events, lifecycle, write);
  }

  /** Writes a line about clients and pools. */
  tell(line: string): void {
    if (this.#lifecycle) this.#log({ level: this.#lifecycle, line, fields: undefined });
  }

  /** The same for what should be changed. */
  warn(line: string): void {
    if (this.#lifecycle) this.#log({ level: 'warn', line, fields: undefined });
  }
}
