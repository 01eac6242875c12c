import { type PathPattern, pathPattern } from './path-pattern.js';
import { type Answerer, toReply, type UpstreamReply } from './reply.js';

interface Route extends PathPattern {
  readonly reply: UpstreamReply;
}

export interface RouteMatch {
  readonly reply: UpstreamReply;
  readonly params: Readonly<Record<string, string>>;
}

/** Who answers what. */
export class Routes {
  /** The newest first. */
  #routes: readonly Route[] = [];

  add(pattern: string, answerer: Answerer): void {
    this.#routes = [{ ...pathPattern(pattern), reply: toReply(answerer) }, ...this.#routes];
  }

  clear(): void {
    this.#routes = [];
  }

  /** The newest that matches. */
  find(method: string, path: string): RouteMatch | undefined {
    for (const { match, reply } of this.#routes) {
      const params = match(method, path);
      if (params) return { reply, params };
    }
    return undefined;
  }

  /** Their patterns, in the order in which they were added. */
  get patterns(): readonly string[] {
    return this.#routes.map(({ pattern }) => pattern).toReversed();
  }
}
