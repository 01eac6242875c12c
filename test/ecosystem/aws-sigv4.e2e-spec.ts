import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { getHttpClientToken, HttpClientModule, type SignableRequest } from '../../src/index.js';
import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { startAppContext } from '../support/app-context.js';
import { startUpstream } from '../support/upstream.js';

/** https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html: its keys, date and region. */
const signer = new SignatureV4({
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 'service',
  sha256: Sha256,
  applyChecksum: false,
});
const signingDate = new Date('2015-08-30T12:36:00Z');
const HOST = 'example.amazonaws.com';

async function sign({ method, url, headers, body }: SignableRequest): Promise<Record<string, string>> {
  const query: Record<string, string | string[]> = {};
  for (const name of url.searchParams.keys()) query[name] = url.searchParams.getAll(name);
  const { host: _, 'content-type': type } = headers;
  const request = new HttpRequest({
    method,
    hostname: HOST,
    path: url.pathname,
    query,
    headers: { host: HOST, ...(type !== undefined && { 'content-type': type }) },
    body,
  });
  return (await signer.sign(request, { signingDate })).headers;
}

it.each<[vector: string, config: AxiosRequestConfig, signed: string, signature: string]>([
  ['get-vanilla', { url: '/' }, 'host;x-amz-date', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'get-vanilla-query-order-key-case',
    { url: '/?Param2=value2&Param1=value1' },
    'host;x-amz-date',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'post-vanilla',
    { url: '/', method: 'POST', headers: { 'content-type': null as never } }, // axios would send one
    'host;x-amz-date',
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  ],
  [
    'post-x-www-form-urlencoded',
    {
      url: '/',
      method: 'POST',
      data: 'Param1=value1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
    'content-type;host;x-amz-date',
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
])('signs %s of AWS’s test suite as published', async (_, config, signed, signature) => {
  const seen: IncomingMessage['headers'][] = [];
  await using upstream = await startUpstream((request, response) => {
    seen.push(request.headers);
    response.end();
  });
  const { app } = await startAppContext(
    { logging: false },
    { imports: [HttpClientModule.forFeature({ name: 'aws', baseURL: upstream.url, auth: { sign } })] },
  );
  await app.get<AxiosInstance>(getHttpClientToken('aws')).request(config);
  await app.close();
  expect(seen[0]).toMatchObject({
    'x-amz-date': '20150830T123600Z',
    authorization:
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ` +
      `SignedHeaders=${signed}, Signature=${signature}`,
  });
});
