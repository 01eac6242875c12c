import type { Type } from '@nestjs/common';
import type { Handler, Layer } from '../call/call.js';
import { InvalidOptionsError } from '../errors/refusal.errors.js';

/** THE order of the layers, outermost first, each with the reason for its place. */
export const STACK_ORDER = [
  ['callEvents', 'outermost, so events show the call as its caller sees it, with refusals and waiting'],
  ['admission', 'outside of everything that waits, so a waiting call is in flight and a closing pool can end it'],
  ['confine', 'early, so a call that leaves the base URL costs nothing'],
  ['guard', 'early, so a refused address costs nothing; names and redirects are checked when a socket is opened'],
  ['inboundContext', 'outside of the deadline, so the limits of the inbound request apply to everything within'],
  ['deadline', 'outside of waiting, attempts and pauses, so one deadline covers them all'],
  [
    'cache',
    'right outside of coalesce, so what it has costs no place under a limit; within guard and deadline, so a refused call gets nothing from it',
  ],
  [
    'coalesce',
    'within the deadline, so each caller keeps its own; outside of the limits, so a shared exchange takes one place',
  ],
  ['concurrency', 'outside of retry, so a call takes one place however often it is retried'],
  ['retry', 'outside of all that follows, so each attempt passes through it anew'],
  [
    'auth',
    'within retry, so each attempt has current credentials; outside of the rate limit, so a repeat after a 401 counts as a request',
  ],
  [
    'rateLimit',
    'within retry, because upstreams count requests, not calls, and say in each response when they have had enough',
  ],
  ['hedge', 'within an attempt, so a retry is hedged like the first attempt'],
  ['breaker', 'within retry and hedge, so it sees every request'],
  [
    'concurrencySample',
    'within hedge and breaker, so an adaptive limit is told of every request that is sent, and of no refusal or wait',
  ],
  ['inboundDeadline', 'close to the request, so the upstream gets the time that is left when it is sent'],
  ['telemetry', 'around each request, so each has its own span; what happens within belongs to it'],
  ['attemptEvents', 'within telemetry, so events show the request as it is sent'],
  ['responseCheck', 'within the events and the breaker, so a response that fails the check counts as a failed request'],
  ['attemptTimeout', 'innermost, so it times one exchange and nothing around it'],
] as const;

/** A place in the stack. */
export type LayerName = (typeof STACK_ORDER)[number][0];

export const LAYER_NAMES: readonly LayerName[] = STACK_ORDER.map(([name]) => name);

/** The layers of a stack that are on. */
export type StandardLayers = { readonly [Name in LayerName]?: Layer | undefined };

/** A layer of the user's, and where it goes. */
export interface PlacedLayer {
  readonly name: string;
  readonly layer: Layer;
  readonly place: { readonly before: LayerName } | { readonly after: LayerName };
}

export interface StackEntry {
  readonly name: string;
  readonly layer: Layer;
}

/** Puts the layers in their order. Several at one place keep the order in which they are given. */
export function standardStack(layers: StandardLayers, placed: readonly PlacedLayer[] = []): readonly StackEntry[] {
  const stack: StackEntry[] = [];
  for (const name of LAYER_NAMES) {
    const layer = layers[name];
    stack.push(...placed.filter(({ place }) => isAt(place, 'before', name)));
    if (layer) stack.push({ name, layer });
    stack.push(...placed.filter(({ place }) => isAt(place, 'after', name)));
  }
  return stack;
}

function isAt(place: PlacedLayer['place'], side: 'before' | 'after', name: LayerName): boolean {
  return Object.hasOwn(place, side) && (place as Record<typeof side, LayerName>)[side] === name;
}

/** An injectable class that is a layer. It is made once per client: one that is request-scoped, or injects what is, stops the start of the app. */
export interface HttpClientLayer {
  /**
   * Wraps the rest of the stack.
   * @returns what calls go through: it awaits `next(call)`, or does without
   */
  wrap(next: Handler): Handler;
}

/** A layer, a class that is one, or either with its place among the standard layers, whether or not that one is on. */
export type CustomLayer =
  | Layer
  | Type<HttpClientLayer>
  | {
      /** The layer, or its class. */
      readonly use: Layer | Type<HttpClientLayer>;
      /** The standard layer that it stands right outside of. */
      readonly before: LayerName;
    }
  | {
      /** The layer, or its class. */
      readonly use: Layer | Type<HttpClientLayer>;
      /** The standard layer that it stands right inside of. */
      readonly after: LayerName;
    };

/** Once for each call, within its deadline; outside of what waits, repeats, or shares an answer between callers. */
const DEFAULT_PLACE = { after: 'deadline' } as const;

/** The classes among them, which are to be injected. */
export function layerClasses(layers: readonly CustomLayer[]): Type<HttpClientLayer>[] {
  return layers.map(usedBy).filter((used) => isLayerClass(used));
}

/** @param instances of `layerClasses(layers)`, in that order */
export function placedLayers(layers: readonly CustomLayer[], instances: readonly HttpClientLayer[]): PlacedLayer[] {
  const rest = [...instances];
  return layers.map((given) => {
    const used = usedBy(given);
    const place = typeof given === 'function' ? DEFAULT_PLACE : given;
    if (!isLayerClass(used)) {
      const name = used.name || 'anonymous layer';
      return { name, layer: settling(name, used), place };
    }
    const instance = rest.shift()!;
    return { name: used.name, layer: settling(used.name, (next) => instance.wrap(next)), place };
  });
}

/**
 * The layer, but that what it throws is a rejection, and what it returns a promise: those around it hold places for the call, and give
 * them back when its promise settles.
 * @throws InvalidOptionsError, when the stack is made, for a layer that makes no handler
 */
function settling(name: string, layer: Layer): Layer {
  return (next) => {
    const handle: unknown = layer(next);
    if (typeof handle !== 'function') {
      throw new InvalidOptionsError('HttpClientModule', [
        `layers: expected ${name} to return a function, got ${typeof handle}`,
      ]);
    }
    return async (call) => (handle as Handler)(call);
  };
}

const usedBy = (given: CustomLayer) => (typeof given === 'function' ? given : given.use);

function isLayerClass(used: Layer | Type<HttpClientLayer>): used is Type<HttpClientLayer> {
  const prototype = used.prototype as Partial<HttpClientLayer> | undefined;
  return typeof prototype?.wrap === 'function';
}
