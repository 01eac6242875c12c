import { AxiosError, type AxiosProxyConfig } from 'axios';
import { canParse } from './can-parse.js';

/** A proxy as axios takes it: settings, or a URL. */
export type ProxySetting = AxiosProxyConfig | URL;

interface ProxyFields {
  readonly protocol?: unknown;
  readonly hostname?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly auth?: unknown;
}

/**
 * The proxy of a `proxy` setting.
 * @throws AxiosError for one that names none, or one that speaks no HTTP, such as SOCKS
 */
export function proxyUrl(setting: ProxySetting): URL {
  if (setting instanceof URL) return supported(setting);
  const { protocol, hostname, host, port, username, password, auth } = ownFields(setting);
  const name = hostname || host;
  if (typeof name !== 'string' || name === '') {
    throw invalid('Invalid proxy: it has no host; set it to { host, port, protocol, auth }, or to false for none');
  }
  const bracketed = name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
  const scheme = text(protocol).replace(/:$/, '') || 'http';
  const address = `${scheme}://${bracketed}${text(port) && `:${text(port)}`}`;
  if (!canParse(address)) throw invalid('Invalid proxy: its protocol, host and port make no URL', 'ERR_INVALID_URL');
  const url = supported(new URL(address));
  if (username) return withCredentials(url, text(username), text(password));
  return auth ? withCredentials(url, ...credentialsIn(auth)) : url;
}

/**
 * The proxy that a variable of the environment names.
 * @param scheme of what is called: the proxy's own where the variable has none, as axios reads it
 * @throws AxiosError that names the variable, whose value may have a password in it
 */
export function proxyUrlIn(variable: string, value: string, scheme: string): URL {
  const address = value.includes('://') ? value : `${scheme}://${value}`;
  if (!canParse(address)) throw invalid(`Invalid proxy: ${variable} is no URL`, 'ERR_INVALID_URL');
  return supported(new URL(address));
}

function ownFields(setting: AxiosProxyConfig): ProxyFields {
  return typeof setting === 'object' ? Object.assign(Object.create(null) as ProxyFields, setting) : {};
}

function credentialsIn(auth: unknown): [user: string, password: string] {
  if (typeof auth === 'string') {
    const [user = '', ...password] = auth.split(':');
    return [user, password.join(':')];
  }
  const { username, password } = Object.assign(Object.create(null) as ProxyFields, auth);
  if (!username && !password) throw invalid('Invalid proxy authorization');
  return [text(username), text(password)];
}

/** In place of anything else, the name of its kind, which makes no URL. */
function text(value: unknown): string {
  if (!value) return '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : `(${typeof value})`;
}

/** A URL has its credentials percent-encoded; what is set is not. */
function withCredentials(url: URL, user: string, password: string): URL {
  url.username = encoded(user);
  url.password = encoded(password);
  return url;
}

/** By way of its bytes, in which nothing is left that has no encoding. */
const encoded = (written: string) => encodeURIComponent(Buffer.from(written).toString());

function supported(proxy: URL): URL {
  const { protocol } = proxy;
  if (protocol === 'http:' || protocol === 'https:') return proxy;
  throw invalid(`Unsupported proxy protocol ${protocol}, use http: or https:`);
}

function invalid(message: string, code = AxiosError.ERR_BAD_OPTION): AxiosError {
  return new AxiosError(message, code);
}
