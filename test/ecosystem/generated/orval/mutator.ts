import { AxiosHeaders, type AxiosInstance, type AxiosRequestConfig } from 'axios';

let client: AxiosInstance | undefined;

/** Called once the app is there: what orval generates are functions, which nothing is injected into. */
export function useClient(instance: AxiosInstance): void {
  client = instance;
}

/** What every generated function calls. `options` is its last argument. */
export async function request<T>(config: AxiosRequestConfig, options?: AxiosRequestConfig): Promise<T> {
  const { data } = await client!.request<T>({
    ...config,
    ...options,
    headers: AxiosHeaders.concat(config.headers as never, options?.headers as never),
  });
  return data;
}
