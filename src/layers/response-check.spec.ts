import { describe, expect, it, vi } from 'vitest';
import { itKeepsTheLayerContract, responseTo, testCall } from '../../test/support/layer-contract.js';
import { responseCheck } from './response-check.js';

itKeepsTheLayerContract('responseCheck', () => responseCheck());

describe('responseCheck', () => {
  it('checks a response as its transforms return it, and passes it on as it came', async () => {
    const seen: unknown[] = [];
    const call = testCall({
      transformResponse: [(data: string) => `${data}!`, (data: string, _, status) => ({ data, status })],
      checkResponse: ({ data }, { attempt }) => seen.push(data, attempt),
    });
    const response = await responseCheck()(async (given) => responseTo(given))(call);
    expect(seen).toEqual([{ data: 'data!', status: 200 }, 1]);
    expect(response.data).toBe('data');
  });

  it('fails the attempt with what the check throws, once it has answered', async () => {
    const error = new Error('wrong');
    const call = testCall({ checkResponse: () => Promise.reject(error) });
    await expect(responseCheck()(async (given) => responseTo(given))(call)).rejects.toBe(error);
  });

  it('leaves a response to axios that a transform cannot read', async () => {
    const checkResponse = vi.fn();
    const transformResponse = () => {
      throw new Error('no JSON');
    };
    const call = testCall({ transformResponse, checkResponse });
    expect((await responseCheck()(async (given) => responseTo(given))(call)).data).toBe('data');
    expect(checkResponse).not.toHaveBeenCalled();
  });
});
