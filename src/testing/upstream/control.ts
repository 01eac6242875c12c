import { type Answerer, toReply, type UpstreamExchange, type UpstreamReply } from './reply.js';

/** One reply after the other, in the order in which requests come; the last one from then on. */
export function sequence(first: Answerer, ...others: readonly Answerer[]): UpstreamReply {
  const replies = [first, ...others].map(toReply);
  let used = 0;
  return {
    readsBody: replies.every(({ readsBody }) => readsBody),
    send: (exchange) => replies[Math.min(used++, replies.length - 1)]!.send(exchange),
  };
}

/** A reply that waits until the test lets it go. */
export interface Held extends UpstreamReply {
  /** Requests that wait now. */
  readonly waiting: number;
  /** Resolves when so many wait at the same time, or already do. */
  arrived(count?: number): Promise<void>;
  /** Answers the request that has waited for longest; none where none waits. */
  releaseNext(): void;
  /** Answers all that wait, and those to come at once. */
  release(): void;
}

/** Holds requests until the test releases them, so that it decides what happens in which order. */
export function hold(answerer: Answerer): Held {
  const reply = toReply(answerer);
  const held = new Set<() => void>();
  const watchers = new Set<() => void>();
  let isOpen = false;
  const wait = ({ ended }: UpstreamExchange) =>
    new Promise<void>((resolve) => {
      const go = () => {
        held.delete(go);
        ended.removeEventListener('abort', go);
        resolve();
      };
      if (ended.aborted) return resolve();
      ended.addEventListener('abort', go);
      held.add(go);
      for (const check of watchers) check();
    });
  return {
    readsBody: reply.readsBody,
    async send(exchange) {
      if (!isOpen) await wait(exchange);
      if (!exchange.ended.aborted) await reply.send(exchange);
    },
    get waiting() {
      return held.size;
    },
    arrived: (count = 1) =>
      new Promise((resolve) => {
        const check = () => {
          if (held.size < count) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
    releaseNext() {
      const [next] = held;
      next?.();
    },
    release() {
      isOpen = true;
      for (const go of held) go();
    },
  };
}
