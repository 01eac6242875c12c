import type { Type } from '@nestjs/common';
import { InvalidOptionsError } from '../errors/invalid-options.error.js';
import type { Handler, Layer } from './layer.js';
import type { LayerName, PlacedLayer } from './standard-stack.js';

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
  | { readonly use: Layer | Type<HttpClientLayer>; readonly before: LayerName }
  | { readonly use: Layer | Type<HttpClientLayer>; readonly after: LayerName };

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
