import { HttpService } from '@nestjs/axios';
import { Injectable, Optional } from '@nestjs/common';
import type { AxiosResponse } from 'axios';
import { from, mergeMap, type Observable, of } from 'rxjs';
import { Configuration } from '../configuration.js';
import type { ApiResponse } from '../model/api-response.js';
import type { Pet } from '../model/pet.js';
import { COLLECTION_FORMATS } from '../variables.js';

@Injectable()
export class PetService {
  protected basePath = 'http://petstore.example/v2';
  public defaultHeaders: Record<string, string> = {};
  public configuration = new Configuration();
  protected httpClient: HttpService;

  constructor(httpClient: HttpService, @Optional() configuration: Configuration) {
    this.configuration = configuration || this.configuration;
    this.basePath = configuration?.basePath || this.basePath;
    this.httpClient = configuration?.httpClient || httpClient;
  }

  private canConsumeForm(consumes: string[]): boolean {
    const form = 'multipart/form-data';
    return consumes.includes(form);
  }

  /** JSON, with a bearer token. */
  public addPet(pet: Pet): Observable<AxiosResponse<Pet>>;
  public addPet(pet: Pet): Observable<any> {
    if (pet === null || pet === undefined) {
      throw new Error('Required parameter pet was null or undefined when calling addPet.');
    }

    let headers = { ...this.defaultHeaders };

    let accessTokenObservable: Observable<any> = of(null);

    // authentication (petstore_auth) required
    if (this.configuration.accessToken) {
      accessTokenObservable =
        typeof this.configuration.accessToken === 'function'
          ? from(Promise.resolve(this.configuration.accessToken()))
          : from(Promise.resolve(this.configuration.accessToken));
    }

    // to determine the Accept header
    let httpHeaderAccepts: string[] = ['application/xml', 'application/json'];
    const httpHeaderAcceptSelected: string | undefined = this.configuration.selectHeaderAccept(httpHeaderAccepts);
    if (httpHeaderAcceptSelected != undefined) {
      headers['Accept'] = httpHeaderAcceptSelected;
    }

    // to determine the Content-Type header
    const consumes: string[] = ['application/json', 'application/xml'];
    const httpContentTypeSelected: string | undefined = this.configuration.selectHeaderContentType(consumes);
    if (httpContentTypeSelected != undefined) {
      headers['Content-Type'] = httpContentTypeSelected;
    }
    return accessTokenObservable.pipe(
      mergeMap((accessToken) => {
        if (accessToken) {
          headers['Authorization'] = `Bearer ${accessToken}`;
        }

        return this.httpClient.post<Pet>(`${this.basePath}/pet`, pet, {
          withCredentials: this.configuration.withCredentials!,
          headers: headers,
        });
      }),
    );
  }

  /** Array query parameters, joined and repeated, a date, and an API key in the query. */
  public findPets(status: Array<Pet.StatusEnum>, tags?: Array<string>, since?: Date): Observable<AxiosResponse<Array<Pet>>>;
  public findPets(status: Array<Pet.StatusEnum>, tags?: Array<string>, since?: Date): Observable<any> {
    if (status === null || status === undefined) {
      throw new Error('Required parameter status was null or undefined when calling findPets.');
    }

    let queryParameters = new URLSearchParams();
    if (status) {
      queryParameters.append('status', status.join(COLLECTION_FORMATS['csv']));
    }
    if (tags) {
      tags.forEach((element) => {
        queryParameters.append('tags', <any>element);
      });
    }
    if (since !== undefined && since !== null) {
      queryParameters.append('since', <any>since.toISOString());
    }

    let headers = { ...this.defaultHeaders };

    let accessTokenObservable: Observable<any> = of(null);

    // authentication (query_key) required
    if (this.configuration.apiKeys?.['query_key']) {
      queryParameters.append('query_key', this.configuration.apiKeys['query_key']);
    }

    // to determine the Accept header
    let httpHeaderAccepts: string[] = ['application/json'];
    const httpHeaderAcceptSelected: string | undefined = this.configuration.selectHeaderAccept(httpHeaderAccepts);
    if (httpHeaderAcceptSelected != undefined) {
      headers['Accept'] = httpHeaderAcceptSelected;
    }

    return accessTokenObservable.pipe(
      mergeMap((accessToken) => {
        if (accessToken) {
          headers['Authorization'] = `Bearer ${accessToken}`;
        }

        return this.httpClient.get<Array<Pet>>(`${this.basePath}/pet/find`, {
          params: queryParameters,
          withCredentials: this.configuration.withCredentials!,
          headers: headers,
        });
      }),
    );
  }

  /** A path parameter, and an API key in a header. */
  public getPetById(petId: string): Observable<AxiosResponse<Pet>>;
  public getPetById(petId: string): Observable<any> {
    if (petId === null || petId === undefined) {
      throw new Error('Required parameter petId was null or undefined when calling getPetById.');
    }

    let headers = { ...this.defaultHeaders };

    let accessTokenObservable: Observable<any> = of(null);

    // authentication (api_key) required
    if (this.configuration.apiKeys?.['api_key']) {
      headers['api_key'] = this.configuration.apiKeys['api_key'];
    }

    // to determine the Accept header
    let httpHeaderAccepts: string[] = ['application/xml', 'application/json'];
    const httpHeaderAcceptSelected: string | undefined = this.configuration.selectHeaderAccept(httpHeaderAccepts);
    if (httpHeaderAcceptSelected != undefined) {
      headers['Accept'] = httpHeaderAcceptSelected;
    }

    return accessTokenObservable.pipe(
      mergeMap((accessToken) => {
        if (accessToken) {
          headers['Authorization'] = `Bearer ${accessToken}`;
        }

        return this.httpClient.get<Pet>(`${this.basePath}/pet/${encodeURIComponent(String(petId))}`, {
          withCredentials: this.configuration.withCredentials!,
          headers: headers,
        });
      }),
    );
  }

  /** A form, with Basic authentication. */
  public updatePetWithForm(petId: string, name?: string, status?: string): Observable<AxiosResponse<any>>;
  public updatePetWithForm(petId: string, name?: string, status?: string): Observable<any> {
    if (petId === null || petId === undefined) {
      throw new Error('Required parameter petId was null or undefined when calling updatePetWithForm.');
    }

    let headers = { ...this.defaultHeaders };

    let accessTokenObservable: Observable<any> = of(null);

    // authentication (http_basic) required
    if (this.configuration.username || this.configuration.password) {
      headers['Authorization'] = 'Basic ' + btoa(this.configuration.username + ':' + this.configuration.password);
    }

    // to determine the Accept header
    let httpHeaderAccepts: string[] = [];
    const httpHeaderAcceptSelected: string | undefined = this.configuration.selectHeaderAccept(httpHeaderAccepts);
    if (httpHeaderAcceptSelected != undefined) {
      headers['Accept'] = httpHeaderAcceptSelected;
    }

    // to determine the Content-Type header
    const consumes: string[] = ['application/x-www-form-urlencoded'];

    const canConsumeForm = this.canConsumeForm(consumes);

    let formParams: { append(param: string, value: any): void };
    let useForm = false;
    let convertFormParamsToString = false;
    if (useForm && canConsumeForm) {
      formParams = new FormData();
    } else {
      formParams = new URLSearchParams();
    }

    if (name !== undefined) {
      formParams.append('name', <any>name);
    }

    if (status !== undefined) {
      formParams.append('status', <any>status);
    }

    return accessTokenObservable.pipe(
      mergeMap((accessToken) => {
        if (accessToken) {
          headers['Authorization'] = `Bearer ${accessToken}`;
        }

        return this.httpClient.post<any>(
          `${this.basePath}/pet/${encodeURIComponent(String(petId))}`,
          convertFormParamsToString ? formParams!.toString() : formParams!,
          {
            withCredentials: this.configuration.withCredentials!,
            headers: headers,
          },
        );
      }),
    );
  }

  /** A file. */
  public uploadFile(petId: string, additionalMetadata?: string, file?: Blob): Observable<AxiosResponse<ApiResponse>>;
  public uploadFile(petId: string, additionalMetadata?: string, file?: Blob): Observable<any> {
    if (petId === null || petId === undefined) {
      throw new Error('Required parameter petId was null or undefined when calling uploadFile.');
    }

    let headers = { ...this.defaultHeaders };

    let accessTokenObservable: Observable<any> = of(null);

    // to determine the Accept header
    let httpHeaderAccepts: string[] = ['application/json'];
    const httpHeaderAcceptSelected: string | undefined = this.configuration.selectHeaderAccept(httpHeaderAccepts);
    if (httpHeaderAcceptSelected != undefined) {
      headers['Accept'] = httpHeaderAcceptSelected;
    }

    // to determine the Content-Type header
    const consumes: string[] = ['multipart/form-data'];

    const canConsumeForm = this.canConsumeForm(consumes);

    let formParams: { append(param: string, value: any): void };
    let useForm = false;
    let convertFormParamsToString = false;

    useForm = canConsumeForm;
    if (useForm) {
      formParams = new FormData();
    } else {
      formParams = new URLSearchParams();
    }

    if (additionalMetadata !== undefined) {
      formParams.append('additionalMetadata', <any>additionalMetadata);
    }

    if (file !== undefined) {
      formParams.append('file', <any>file);
    }

    return accessTokenObservable.pipe(
      mergeMap((accessToken) => {
        if (accessToken) {
          headers['Authorization'] = `Bearer ${accessToken}`;
        }

        return this.httpClient.post<ApiResponse>(
          `${this.basePath}/pet/${encodeURIComponent(String(petId))}/uploadImage`,
          convertFormParamsToString ? formParams.toString() : formParams,
          {
            withCredentials: this.configuration.withCredentials!,
            headers: headers,
          },
        );
      }),
    );
  }

  /** A response that is a file: the generator asks for a blob, which axios reads as text on Node. */
  public getPhoto(petId: string): Observable<AxiosResponse<Blob>>;
  public getPhoto(petId: string): Observable<any> {
    if (petId === null || petId === undefined) {
      throw new Error('Required parameter petId was null or undefined when calling getPhoto.');
    }

    let headers = { ...this.defaultHeaders };

    let accessTokenObservable: Observable<any> = of(null);

    // to determine the Accept header
    let httpHeaderAccepts: string[] = ['image/svg+xml'];
    const httpHeaderAcceptSelected: string | undefined = this.configuration.selectHeaderAccept(httpHeaderAccepts);
    if (httpHeaderAcceptSelected != undefined) {
      headers['Accept'] = httpHeaderAcceptSelected;
    }

    return accessTokenObservable.pipe(
      mergeMap((accessToken) => {
        if (accessToken) {
          headers['Authorization'] = `Bearer ${accessToken}`;
        }

        return this.httpClient.get(`${this.basePath}/pet/${encodeURIComponent(String(petId))}/photo`, {
          responseType: 'blob',
          withCredentials: this.configuration.withCredentials!,
          headers: headers,
        });
      }),
    );
  }
}
