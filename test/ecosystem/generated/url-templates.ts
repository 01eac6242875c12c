import type { InternalAxiosRequestConfig } from 'axios';

/**
 * Sets `urlTemplate` for calls of a generated client, which fills in its paths before axios sees them.
 * @param paths the keys of `paths` in the OpenAPI document
 */
export function urlTemplates(paths: readonly string[]) {
  const segments = (path: string) => path.split('/').map((segment) => (segment.startsWith('{') ? undefined : segment));
  const parameters = (path: string) => path.split('{').length;
  const templates = paths
    .map((path) => ({ path, segments: segments(path) }))
    .toSorted((one, other) => parameters(one.path) - parameters(other.path)); // '/pet/find' before '/pet/{petId}'
  return (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => {
    const url = (config.url ?? '').split(/[?#]/, 1)[0]!.split('/');
    const match = templates.find(({ segments: wanted }) =>
      wanted.every(
        (segment, index) => index === 0 || segment === undefined || segment === url.at(index - wanted.length),
      ),
    );
    config.urlTemplate ??= match?.path;
    return config;
  };
}
