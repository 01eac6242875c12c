import { type Channel, channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { AsyncSubject, Observable, takeUntil } from 'rxjs';
import type { Call } from './call.js';
import { type CallEvent, EVENT_NAMES, type HttpClientEventMap, type HttpClientEventName } from './events.js';

/**
 * A listener that only listens: a bug in it must not fail what it listens to, nor fill the log.
 * @param name what it listens to
 * @returns calls `listener`; never throws. The first time that one throws, or rejects, is a process warning, the others are ignored
 */
export function tolerantListener<Event>(name: string, listener: (event: Event) => unknown): (event: Event) => void {
  let hasWarned = false;
  const warn = (error: unknown) => {
    if (hasWarned) return;
    hasWarned = true;
    process.emitWarning(`A listener to "${name}" has failed. If it fails again, that is ignored`, {
      type: 'HttpClientEventsWarning',
      detail: error instanceof Error ? (error.stack ?? error.message) : inspect(error),
    });
  };
  return (event) => {
    try {
      const result = listener(event);
      if (result instanceof Promise) result.catch(warn);
    } catch (error) {
      warn(error);
    }
  };
}

/** Takes what happens. */
export interface EventSink {
  /** Whether anybody wants to know. Asked first: an event that nobody wants is not made. */
  wants(name: HttpClientEventName): boolean;
  /** Never throws. */
  publish<Name extends HttpClientEventName>(name: Name, event: HttpClientEventMap[Name]): void;
}

/** An event with its name. */
export type HttpClientEvent<Name extends HttpClientEventName = HttpClientEventName> = {
  [N in Name]: {
    /** The name of the event. */
    readonly name: N;
  } & HttpClientEventMap[N];
}[Name];

/** The name of the event's channel in `node:diagnostics_channel`, where every app of the process publishes it. */
export const channelName = (name: HttpClientEventName): string => `nest-outbound:${name}`;

const CHANNELS = Object.fromEntries(EVENT_NAMES.map((name) => [name, channel(channelName(name))])) as Record<
  HttpClientEventName,
  Channel
>;

type Listener = (event: never) => void;

/**
 * The events of one app's clients. Injectable wherever `HttpClientModule.forRoot` is imported. An event without a subscriber is not
 * made.
 */
export class HttpClientEvents implements EventSink {
  // No `#` names: where somebody wraps this in a proxy, they would be missing.
  private readonly listeners = new Map<HttpClientEventName, ReadonlySet<Listener>>();
  private readonly completed = new AsyncSubject<void>();

  /**
   * Calls the listener with each event of this name, as it happens: what it does takes the call's time. What it throws, or a promise of
   * it rejects with, fails nothing: the first time it is a process warning, then it is ignored.
   * @returns ends the subscription
   */
  on<Name extends HttpClientEventName>(name: Name, listener: (event: HttpClientEventMap[Name]) => unknown): () => void {
    const own: Listener = tolerantListener(name, listener);
    this.listeners.set(name, new Set([...(this.listeners.get(name) ?? []), own]));
    return () => {
      const others = new Set(this.listeners.get(name));
      others.delete(own);
      if (others.size > 0) this.listeners.set(name, others);
      else this.listeners.delete(name);
    };
  }

  /**
   * The events of these names, or all: each with its name. Subscribes when it is subscribed to, and completes when the app has closed,
   * after the last pool's `pool:state`.
   */
  stream<Name extends HttpClientEventName = HttpClientEventName>(...names: Name[]): Observable<HttpClientEvent<Name>> {
    const wanted = (names.length > 0 ? names : EVENT_NAMES) as readonly Name[];
    return new Observable<HttpClientEvent<Name>>((subscriber) => {
      const ends = wanted.map((name) => this.on(name, (event) => subscriber.next(Object.assign({ name }, event))));
      return () => {
        for (const end of ends) end();
      };
    }).pipe(takeUntil(this.completed));
  }

  /** For the library: the app has closed. Completes the streams, later ones at once. */
  complete(): void {
    this.completed.next();
    this.completed.complete();
  }

  /** For the library. */
  wants(name: HttpClientEventName): boolean {
    return CHANNELS[name].hasSubscribers || this.listeners.has(name);
  }

  /** For the library. */
  publish<Name extends HttpClientEventName>(name: Name, event: HttpClientEventMap[Name]): void {
    CHANNELS[name].publish(event); // throws nothing: Node makes an uncaught exception of what a subscriber throws
    const listeners = this.listeners.get(name);
    if (listeners) for (const listener of listeners) listener(event as never);
  }
}

/**
 * What every event of a call says, and what this one says besides. (Not by spreading them: that takes 4 us, this 0.1.)
 */
export function eventOf<Own extends object>(call: Call, own: Own): CallEvent & Own {
  const { journal, clientName, origin, method, config } = call;
  const about = { callId: journal.id, client: clientName, origin, method, urlTemplate: config.urlTemplate };
  return Object.assign(about, own);
}
