/** RFC 9110 §9.2.2, and QUERY (draft-ietf-httpbis-safe-method-w-body). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY']);

/** Whether a request may be sent twice: by its method, or because the caller says so with an Idempotency-Key header. */
export function isIdempotent(method: string, headers: Readonly<Record<string, unknown>>): boolean {
  if (IDEMPOTENT.has(method)) return true;
  return Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key' && isSent(headers[name]));
}

/** axios leaves headers out that have these values; an empty key tells no request from another. */
function isSent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false && value !== '';
}

/**
 * Whether a failed exchange says only that its pooled socket was dead: the server had closed it while the request was
 * under way, as it may at any time (RFC 9112 §9.3.1, §9.5).
 */
export function diedOnStaleSocket(error: unknown, reusedSocket: boolean): boolean {
  const code = (error as { code?: string } | undefined)?.code;
  return reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}
