import type { Layer } from './layer.js';

/** THE order of the layers, outermost first, and why each is where it is. */
export const STACK_ORDER = [
  ['callEvents', 'sees the call as its caller does, refusals and waiting included'],
  ['admission', 'whatever a layer within waits for, the call is in flight, and a closing pool can end it'],
  ['confine', 'a call that leaves the base URL ends before it costs anything'],
  ['guard', 'so does one to an address that may not be called; names and redirects are judged further within'],
  ['inboundContext', 'the inbound request sets limits to everything done for it'],
  ['deadline', 'one deadline for all waiting, all attempts and the pauses between them'],
  ['coalesce', 'calls that share an exchange take one place in the limits, and each keeps its own deadline'],
  ['concurrency', 'a call takes one place, however often it is repeated, and waits for it within its deadline'],
  ['retry', 'each attempt passes through all that follows, and sees the breaker as it is by then'],
  ['rateLimit', 'an upstream counts requests, not calls, and says in the answer to each when it has had enough'],
  ['hedge', 'within an attempt, so that a retry is hedged like the first attempt'],
  ['breaker', 'sees every single request, retries and hedges included'],
  ['inboundDeadline', 'tells the upstream what is left of the time when this very request is sent'],
  ['telemetry', 'a span for every single request, of which the upstream is told; what happens within is a part of it'],
  ['attemptEvents', 'sees every request that is made, with what is told to the upstream'],
  ['attemptTimeout', 'times one exchange, not what surrounds it'],
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
