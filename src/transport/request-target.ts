import { Axios, type InternalAxiosRequestConfig } from 'axios';

/** Where a request goes, in the terms of `http.request`. */
export interface RequestTarget {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly secure: boolean;
  readonly hostname: string;
  /** Empty for the scheme's own. */
  readonly port: string;
  readonly socketPath: string | undefined;
  readonly path: string;
  /** `user:password` from the URL, percent-decoded; empty for none. */
  readonly credentials: string;
}

// An instance without defaults, so that what users set on the global axios does not leak in.
const plainAxios = new Axios({});

/**
 * The target that axios's own adapter would send to.
 * @returns undefined for a scheme other than http and https
 * @throws what axios throws for a URL that is none, or for parameters that cannot be serialised
 */
export function requestTarget(config: InternalAxiosRequestConfig): RequestTarget | undefined {
  const { baseURL, url, allowAbsoluteUrls, params, paramsSerializer, socketPath } = config;
  const address = plainAxios.getUri({ baseURL, url, allowAbsoluteUrls });
  const parsed = new URL(address, socketPath ? 'http://localhost' : undefined);
  const target = targetOf(parsed, socketPath ?? undefined);
  if (!target || !params) return target;
  const path = plainAxios.getUri({ url: target.path, params, paramsSerializer }).replace(/^\?/, '');
  return { ...target, path };
}

/** @returns undefined for a scheme other than http and https */
export function targetOf(url: URL, socketPath?: string): RequestTarget | undefined {
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') return undefined;
  return {
    origin: socketPath ? `unix:${socketPath}` : url.origin,
    secure,
    hostname: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port,
    socketPath,
    path: url.pathname + url.search,
    credentials: url.username || url.password ? `${decode(url.username)}:${decode(url.password)}` : '',
  };
}

/** The target as a URL, without credentials. */
export function urlOf({ secure, hostname, port, path }: RequestTarget): string {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  return `${secure ? 'https' : 'http'}://${host}${port && `:${port}`}${path}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
