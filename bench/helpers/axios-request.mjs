import { firstValueFrom } from 'rxjs';
import { drain } from './drain.mjs';

/** The function that sends one request by an axios instance. */
export function axiosRequest(client, { url, method, body, kind }) {
  if (kind === 'stream') return async () => drain((await client.get(url, { responseType: 'stream' })).data);
  if (method === 'POST') return async () => (await client.post(url, body)).data;
  return async () => (await client.get(url)).data;
}

/** The function that sends one request by an HttpService. */
export function httpServiceRequest(http, { url, method, body, kind }) {
  if (kind === 'stream') {
    return async () => drain((await firstValueFrom(http.get(url, { responseType: 'stream' }))).data);
  }
  if (method === 'POST') return async () => (await firstValueFrom(http.post(url, body))).data;
  return async () => (await firstValueFrom(http.get(url))).data;
}
