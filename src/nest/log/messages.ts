import type { LoggerService } from '@nestjs/common';
import { inspect } from 'node:util';

/** A line with fields, for loggers that take them in one object: as text it is the line. */
class LogLine {
  /** What winston calls the line, and Nest 11 where it writes JSON. */
  readonly message: string;
  /** What pino calls it. */
  readonly msg: string;

  constructor(line: string, fields: object) {
    this.message = line;
    this.msg = line;
    Object.assign(this, fields);
  }

  toString(): string {
    return this.message;
  }

  [inspect.custom](): string {
    return this.message;
  }
}

/**
 * What to pass to a logger. Nest 12's ConsoleLogger takes the fields beside the line, as `params`. Nest 11's would write them as a second
 * line, nestjs-pino would drop them, and nest-winston would take them for the context: all of these read one object.
 */
export function messagesFor(
  logger: LoggerService | undefined,
  line: string,
  fields: object | undefined,
): [message: unknown, ...params: unknown[]] {
  if (!fields) return [line];
  const takesParams = logger !== undefined && 'stringifyParams' in logger;
  return takesParams ? [line, { ...fields, [inspect.custom]: () => '' }] : [new LogLine(line, fields)];
}
