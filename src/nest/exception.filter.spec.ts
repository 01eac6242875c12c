import { Logger } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AxiosError } from 'axios';
import { expect, it, vi } from 'vitest';
import { HttpClientExceptionFilter } from './exception.filter.js';

it.each(['rpc', 'ws', 'graphql'])('leaves %s to Nest', (type) => {
  const host = new ExecutionContextHost([]);
  host.setType(type);
  expect(new HttpClientExceptionFilter().catch(new AxiosError('reset', 'ECONNRESET'), host)).toBeUndefined();
});

it('logs no secret of an error that another axios instance has made, though its message looks like a stack', () => {
  const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
  const reply = { status: () => reply, header: () => reply, send: () => reply, headersSent: false, destroyed: false };
  const error = new AxiosError('odd\n    at https://u:SECRET@a.example/?token=SECRET', AxiosError.ERR_BAD_OPTION);
  new HttpClientExceptionFilter().catch(error, new ExecutionContextHost([{}, reply]));
  expect(logged).toHaveBeenCalledOnce();
  expect(JSON.stringify(logged.mock.calls)).not.toContain('SECRET');
  logged.mockRestore();
});
