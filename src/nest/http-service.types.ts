import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Observable } from 'rxjs';
import type { Attempt } from '../errors/http-client.error.js';

/** What a call through `HttpService` gives: a response that has `attempts`. */
export type AttemptedResponse<T = any, D = any> = AxiosResponse<T, D> & { readonly attempts: readonly Attempt[] };

declare module '@nestjs/axios' {
  /**
   * As @nestjs/axios declares it, except that a response has `attempts`: so has every response of a client of nest-outbound. Each method is here twice:
   * calls take the first, and the second, which is @nestjs/axios's own, is what mocks of `HttpService` are compared with.
   */
  interface HttpService {
    request<T = any, R extends AxiosResponse<T> = AttemptedResponse<T>>(config: AxiosRequestConfig): Observable<R>;
    request<T = any>(config: AxiosRequestConfig): Observable<AxiosResponse<T>>;
    get<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    get<T = any, D = any>(url: string, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    delete<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    delete<T = any, D = any>(url: string, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    head<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    head<T = any, D = any>(url: string, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    post<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    post<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    put<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    put<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    patch<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    patch<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    postForm<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    postForm<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    putForm<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    putForm<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    patchForm<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    patchForm<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
  }
}
