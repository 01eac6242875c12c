/** The status that a proxy answered instead of opening a tunnel; undefined where that is not what an attempt failed with. */
export function refusedTunnelStatus(error: unknown): number | undefined {
  const { code, status } = (error ?? {}) as { readonly code?: unknown; readonly status?: number };
  return code === 'ERR_PROXY_TUNNEL' ? status : undefined;
}
