import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { currentInboundContext, type InboundContext } from './context.js';
import { inboundContextMiddleware, type InboundRequestSettings } from './middleware.js';

const SETTINGS: InboundRequestSettings = { deadlineHeader: 'x-request-timeout-ms', forwardHeaders: ['x-request-id'] };

function receive(headers: IncomingMessage['headers'], settings = SETTINGS) {
  const clock = new ManualClock();
  clock.tick(1_000);
  const request = new IncomingMessage(new Socket());
  request.headers = headers;
  const response = new ServerResponse(request);
  let context: InboundContext | undefined;
  inboundContextMiddleware(settings, clock)(request, response, () => (context = currentInboundContext()));
  return { request, response, context: context! };
}

describe('the middleware', () => {
  it('takes the deadline from its header', () => {
    expect(receive({ 'x-request-timeout-ms': '200' }).context.deadline).toBe(1_200);
    expect(receive({ 'x-request-timeout-ms': 'soon' }).context.deadline).toBe(Infinity);
    expect(receive({}).context.deadline).toBe(Infinity);
  });

  it('takes none where it is told of no header', () => {
    const settings = { ...SETTINGS, deadlineHeader: false as const };
    expect(receive({ 'x-request-timeout-ms': '200' }, settings).context.deadline).toBe(Infinity);
  });

  it('takes the headers when they are asked for, so that another middleware may set them', () => {
    const { request, context } = receive({ cookie: 'secret' });
    request.headers['x-request-id'] = 'r-1';
    expect(context.headers).toEqual({ 'x-request-id': 'r-1' });
  });

  it('is over once the response has been ended, though it may not have been sent yet', () => {
    const { response, context } = receive({ 'x-request-timeout-ms': '200' });
    response.write('half');
    expect(context.isOver).toBe(false);
    response.end();
    expect(response.writableFinished).toBe(false);
    expect(context).toMatchObject({ isOver: true, deadline: Infinity });
  });

  it('leaves one listener, and that only until the response closes', () => {
    const { response } = receive({});
    expect(response.listenerCount('close')).toBe(1);
    response.emit('close');
    expect(response.eventNames()).not.toContain('close');
  });
});
