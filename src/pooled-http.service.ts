import { HttpService } from '@nestjs/axios';
import { type AxiosPromise, type AxiosRequestConfig, type AxiosResponse, CanceledError } from 'axios';
import { Observable } from 'rxjs';
import { Cancellation } from './transport/cancellation.js';

/**
 * `@nestjs/axios`'s HttpService on a pooled client. Each subscription sends the request once; unsubscribing before the
 * response is there cancels it, whatever cancel token or signal the config brings; afterwards it does nothing. A response stream
 * is its consumer's to destroy.
 */
export class PooledHttpService extends HttpService {
  protected override makeObservable<T>(
    send: (...args: any[]) => AxiosPromise<T>,
    ...args: any[]
  ): Observable<AxiosResponse<T>> {
    return new Observable((subscriber) => {
      // Every method of HttpService passes the config last, undefined where the caller left it out.
      const config: AxiosRequestConfig = { ...args.at(-1) };
      const cancellation = new Cancellation(config.cancelToken);
      let settled = false;
      send(...args.slice(0, -1), { ...config, cancelToken: cancellation }).then(
        (response) => {
          settled = true;
          subscriber.next(response);
          subscriber.complete();
        },
        (error: unknown) => {
          settled = true;
          subscriber.error(error);
        },
      );
      return () => {
        if (!settled) cancellation.cancel(new CanceledError());
      };
    });
  }
}
