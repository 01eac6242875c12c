/**
 * Whether a request body, as the transforms leave it, can be sent twice. What is read only once cannot: Node's streams, which
 * a form of the form-data package is as well, and web streams. Strings, bytes, Blob and FormData can, and so can no body.
 */
export function isReplayableBody(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return true;
  const { pipe, getReader } = data as { pipe?: unknown; getReader?: unknown };
  return typeof pipe !== 'function' && typeof getReader !== 'function';
}
