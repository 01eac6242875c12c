import type { LogLevel } from '@nestjs/common';

/** What goes to Nest's Logger, with the context `HttpClientModule`. Each `false` leaves it out. */
export interface LoggingOptions {
  /**
   * The level of the line about a call that failed; one that its caller cancelled did not.
   * @default 'warn'
   */
  failedCalls?: LogLevel | false;
  /**
   * Has a line about each call that takes longer than this, though it succeeds.
   * @default false
   */
  slowCalls?: SlowCallsOptions | false;
  /**
   * How long lines that say the same (client, method, origin, template, outcome) are held back after one was written, in milliseconds. The next
   * tells how many there were; at the end of the app, what is left is told. `false`: every call has its line.
   * @default 10_000 milliseconds
   */
  repeatAfterMs?: number | false;
  /**
   * The level of the lines about clients and pools: opened, draining, closed with the drain report.
   * @default 'log'
   */
  lifecycle?: LogLevel | false;
}

export interface SlowCallsOptions {
  /** In milliseconds, from the call to the end of the response's body. */
  afterMs: number;
  /** @default 'warn' */
  level?: LogLevel;
}

/** With nothing left to default. */
export interface LoggingSettings {
  readonly failedCalls: LogLevel | false;
  readonly slowCalls: Readonly<Required<SlowCallsOptions>> | false;
  readonly repeatAfterMs: number | false;
  readonly lifecycle: LogLevel | false;
}

const OFF: LoggingSettings = Object.freeze({
  failedCalls: false,
  slowCalls: false,
  repeatAfterMs: false,
  lifecycle: false,
});

export function resolveLogging(given: LoggingOptions | false = {}): LoggingSettings {
  if (given === false) return OFF;
  const { failedCalls = 'warn', slowCalls = false, repeatAfterMs = 10_000, lifecycle = 'log' } = given;
  return Object.freeze({
    failedCalls,
    slowCalls: slowCalls && Object.freeze({ level: 'warn', ...slowCalls }),
    repeatAfterMs,
    lifecycle,
  });
}
