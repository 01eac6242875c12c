import { type Channel, channel } from 'node:diagnostics_channel';
import { Observable } from 'rxjs';
import { EVENT_NAMES, type HttpClientEventMap, type HttpClientEventName } from './events.js';

/** Takes what happens. */
export interface EventSink {
  /** Whether anybody wants to know. Asked first: an event that nobody wants is not made. */
  wants(name: HttpClientEventName): boolean;
  publish<Name extends HttpClientEventName>(name: Name, event: HttpClientEventMap[Name]): void;
}

/** The name of an event with what it says. */
export type HttpClientEvent<Name extends HttpClientEventName = HttpClientEventName> = {
  [N in Name]: { readonly name: N } & HttpClientEventMap[N];
}[Name];

/** The name of the event's channel in `node:diagnostics_channel`, where every app of the process publishes it. */
export const channelName = (name: HttpClientEventName): string => `nest-outbound:${name}`;

const CHANNELS = Object.fromEntries(EVENT_NAMES.map((name) => [name, channel(channelName(name))])) as Record<
  HttpClientEventName,
  Channel
>;

type Listener = (event: never) => void;

/**
 * The events of one app's clients. Injectable wherever `HttpClientModule.forRoot` is imported. Listeners are called as it happens; what
 * they throw is warned of and otherwise ignored. An event without a subscriber costs nothing.
 */
export class HttpClientEvents implements EventSink {
  readonly #listeners = new Map<HttpClientEventName, ReadonlySet<Listener>>();

  /** @returns ends the subscription */
  on<Name extends HttpClientEventName>(name: Name, listener: (event: HttpClientEventMap[Name]) => void): () => void {
    const own = (event: never) => listener(event); // one listener may be subscribed twice
    this.#listeners.set(name, new Set([...(this.#listeners.get(name) ?? []), own]));
    return () => {
      const others = new Set(this.#listeners.get(name));
      others.delete(own);
      if (others.size > 0) this.#listeners.set(name, others);
      else this.#listeners.delete(name);
    };
  }

  /** The events of these names, or all: each with its name. Subscribes when it is subscribed to, and never ends. */
  stream<Name extends HttpClientEventName = HttpClientEventName>(...names: Name[]): Observable<HttpClientEvent<Name>> {
    const wanted = (names.length > 0 ? names : EVENT_NAMES) as readonly Name[];
    return new Observable((subscriber) => {
      const ends = wanted.map((name) => this.on(name, (event) => subscriber.next({ name, ...event })));
      return () => {
        for (const end of ends) end();
      };
    });
  }

  wants(name: HttpClientEventName): boolean {
    return CHANNELS[name].hasSubscribers || this.#listeners.has(name);
  }

  publish<Name extends HttpClientEventName>(name: Name, event: HttpClientEventMap[Name]): void {
    CHANNELS[name].publish(event);
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(event as never);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}
