import { Agent, request as send } from 'undici';

export function create({ url, maxSockets }) {
  const dispatcher = new Agent({ connections: maxSockets, allowH2: true });
  const request = async () => {
    const response = await send(url, { dispatcher, headers: { accept: 'application/json' } });
    if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}`);
    return response.body.json();
  };
  return { request, close: () => dispatcher.close() };
}
