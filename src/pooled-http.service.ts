import { HttpService } from '@nestjs/axios';
import { type AxiosPromise, type AxiosRequestConfig, type AxiosResponse, CanceledError } from 'axios';
import { Observable } from 'rxjs';
import { responseOf } from './layers/response-of.js';
import { rejectNextTurn } from './next-turn.js';
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
      const cancellation = new Cancellation();
      let settled = false;
      const succeed = (response: AxiosResponse<T>) => {
        settled = true;
        subscriber.next(response);
        subscriber.complete();
      };
      const fail = (error: unknown) => {
        settled = true;
        if (!responseOf(error)) cancellation.unfollow(); // else when its body has ended
        subscriber.error(error);
      };
      try {
        // Every method of HttpService passes the config last, undefined where the caller left it out.
        const config: AxiosRequestConfig = { ...args.at(-1) };
        if (config.cancelToken) cancellation.followToken(config.cancelToken);
        send(...args.slice(0, -1), { ...config, cancelToken: cancellation }).then(succeed, fail);
      } catch (error) {
        rejectNextTurn(error).catch(fail); // a getter of the config's has thrown
      }
      return () => {
        if (!settled) cancellation.cancel(new CanceledError());
      };
    });
  }
}
