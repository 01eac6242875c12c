import type { AxiosResponse } from 'axios';
import { onBodyEnd } from '../transport/on-body-end.js';
import { responseOf } from './response-of.js';

/**
 * Waits for a response, and gives back what it holds once its body has ended, also that of a status that is refused.
 * @param exchange makes the response; may throw at once, too
 */
export async function releasedAfterBody(
  exchange: () => Promise<AxiosResponse>,
  release: () => void,
): Promise<AxiosResponse> {
  let response: AxiosResponse | undefined;
  try {
    response = await exchange();
    return response;
  } catch (error) {
    response = responseOf(error);
    throw error;
  } finally {
    onBodyEnd(response?.data, release);
  }
}
