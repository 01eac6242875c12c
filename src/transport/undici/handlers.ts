import type { Dispatcher } from 'undici';
import type { WireListener } from '../engine.js';
import type { ExchangeRequest } from '../request.js';
import type { UndiciModule } from './load.js';
import { UndiciRequest } from './request.js';
import type { ParsedHeaders } from './response.js';

/** Carried by undici 8: https://github.com/nodejs/undici/blob/main/docs/docs/api/Dispatcher.md#parameter-dispatchhandler */
class HandlingRequest extends UndiciRequest implements Dispatcher.DispatchHandler {
  onRequestStart(): void {
    this.started();
  }

  onResponseStart(
    { rawHeaders }: Dispatcher.DispatchController,
    status: number,
    headers: ParsedHeaders,
    statusText = '',
  ): void {
    this.responded(status, headers, rawHeaders as unknown as Buffer[], statusText);
  }

  onResponseData(_controller: unknown, part: Buffer): void {
    this.came(part);
  }

  onResponseEnd(): void {
    this.ended();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.broke(error);
  }
}

/** Carried by undici 7, which would make such a handler of the other one, with two objects for each request. */
class LegacyHandlingRequest extends UndiciRequest {
  onConnect(): void {
    this.started();
  }

  onHeaders(status: number, rawHeaders: Buffer[], _resume: () => void, statusText: string): boolean {
    this.responded(status, this.undici.util.parseHeaders(rawHeaders), rawHeaders, statusText);
    return true;
  }

  onData(part: Buffer): boolean {
    this.came(part);
    return true;
  }

  onComplete(): void {
    this.ended();
  }

  onError(error: Error): void {
    this.broke(error);
  }
}

/** A request that the version of undici takes as a handler. */
export function requestFor(
  undici: UndiciModule,
  sent: ExchangeRequest,
  listener: WireListener,
  maxHeaderBytes: number,
): UndiciRequest {
  const Handling = undici.takesLegacyHandlers ? LegacyHandlingRequest : HandlingRequest;
  return new Handling(sent, listener, undici, maxHeaderBytes);
}
