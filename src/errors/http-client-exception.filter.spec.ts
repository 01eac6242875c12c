import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AxiosError } from 'axios';
import { expect, it } from 'vitest';
import { HttpClientExceptionFilter } from './http-client-exception.filter.js';

it.each(['rpc', 'ws', 'graphql'])('leaves %s to Nest', (type) => {
  const host = new ExecutionContextHost([]);
  host.setType(type);
  expect(new HttpClientExceptionFilter().catch(new AxiosError('reset', 'ECONNRESET'), host)).toBeUndefined();
});
