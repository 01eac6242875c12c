import type { InternalAxiosRequestConfig } from 'axios';
import { targetOf, targetWithoutParams } from '../transport/request-target.js';
import { climbs } from './climbing-path.js';

export interface ConfineSettings {
  /** http or https. */
  readonly baseURL: string;
  /** `origin`: its scheme, host and port; `path`: its path, too. */
  readonly within: 'origin' | 'path';
}

/** Whether a call stays within. */
export type Confinement = (config: InternalAxiosRequestConfig) => boolean;

/** As axios tells them: https://github.com/axios/axios/blob/v1.x/lib/helpers/isAbsoluteURL.js */
const ABSOLUTE = /^(?:[a-z][a-z\d+\-.]*:)?\/\//i;

/**
 * Whether a call stays within a base URL, whatever its `url`, `baseURL` and `allowAbsoluteUrls` are. A URL that is none counts as
 * within: axios refuses it.
 */
export function confinement({ baseURL, within }: ConfineSettings): Confinement {
  const base = targetOf(new URL(baseURL))!;
  const root = pathOf(base.path).replace(/\/+$/, '');
  const isOriginEnough = within === 'origin' || root === '';

  return (config) => {
    const { url } = config;
    const isRelative = typeof url === 'string' && (config.allowAbsoluteUrls === false || !ABSOLUTE.test(url));
    // axios puts a slash between the two, so that a relative one cannot change the host.
    if (isOriginEnough && isRelative && config.baseURL === baseURL) return true;
    let target;
    try {
      target = targetWithoutParams(config);
    } catch {
      return isRelative; // `//host` is none to axios, but others would go there
    }
    if (target?.hostname !== base.hostname || target.port !== base.port || target.secure !== base.secure) return false;
    if (isOriginEnough) return true;
    const path = pathOf(target.path);
    return (path === root || path.startsWith(`${root}/`)) && !climbs(path.slice(root.length));
  };
}

const pathOf = (target: string) => target.split('?', 1)[0]!;
