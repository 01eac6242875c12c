import { createHash } from 'node:crypto';

/** A script that Redis runs at once, with nothing in between. */
export interface Script {
  readonly text: string;
  /** What Redis knows it by. */
  readonly sha: string;
}

/** @param text in Lua 5.1, as Redis 5 and later run it */
export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
