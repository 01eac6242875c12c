import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Observable } from 'rxjs';
import type { Attempt } from '../errors/http-client.error.js';

/** What a call through `HttpService` emits: a response that has `attempts`. */
export type AttemptedResponse<T = any, D = any> = AxiosResponse<T, D> & {
  /** The attempts of the call; this response is the last one. */
  readonly attempts: readonly Attempt[];
};

declare module '@nestjs/axios' {
  /**
   * As @nestjs/axios declares it, except that a response has `attempts`: so has every response of a client of nest-outbound. Each method is here twice:
   * calls take the first, and the second, which is @nestjs/axios's own, is what mocks of `HttpService` are compared with.
   */
  interface HttpService {
    /** A request, sent when somebody subscribes. */
    request<T = any, R extends AxiosResponse<T> = AttemptedResponse<T>>(config: AxiosRequestConfig): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    request<T = any>(config: AxiosRequestConfig): Observable<AxiosResponse<T>>;
    /** GET, sent when somebody subscribes. */
    get<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    get<T = any, D = any>(url: string, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    /** DELETE, sent when somebody subscribes. */
    delete<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    delete<T = any, D = any>(url: string, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    /** HEAD, sent when somebody subscribes. */
    head<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    head<T = any, D = any>(url: string, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    /** POST, sent when somebody subscribes. */
    post<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    post<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    /** PUT, sent when somebody subscribes. */
    put<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    put<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    /** PATCH, sent when somebody subscribes. */
    patch<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    patch<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    /** POST with a form, sent when somebody subscribes. */
    postForm<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    postForm<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    /** PUT with a form, sent when somebody subscribes. */
    putForm<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    putForm<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
    /** PATCH with a form, sent when somebody subscribes. */
    patchForm<T = any, D = any, R extends AxiosResponse<T, D> = AttemptedResponse<T, D>>(
      url: string,
      data?: D,
      config?: AxiosRequestConfig<D>,
    ): Observable<R>;
    /** As `@nestjs/axios` declares it. */
    patchForm<T = any, D = any>(url: string, data?: D, config?: AxiosRequestConfig<D>): Observable<AxiosResponse<T, D>>;
  }
}
