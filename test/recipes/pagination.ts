import type { AxiosInstance, AxiosResponse } from 'axios';

/** The items of all pages, by the header `Link: <…>; rel="next"`. A page is requested when its items are needed. */
export async function* itemsOf<Item>(http: AxiosInstance, path: string): AsyncGenerator<Item> {
  for (let next: string | undefined = path; next !== undefined;) {
    const response: AxiosResponse<Item[]> = await http.get(next);
    yield* response.data;
    next = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(response.headers['link'] ?? ''))?.[1];
  }
}
