import type { Handler, Layer } from './layer.js';

/** Stacks layers on a terminal handler. The first listed is outermost. */
export function compose(layers: readonly Layer[], terminal: Handler): Handler {
  return layers.reduceRight((next, layer) => layer(next), terminal);
}
