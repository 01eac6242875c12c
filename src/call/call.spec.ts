import { AxiosHeaders } from 'axios';
import { describe, expect, it } from 'vitest';
import { createCall } from './call.js';

describe('createCall', () => {
  it.each([
    ['of an absolute URL', { url: 'https://api.example.com:8443/a?b=c' }, 'https://api.example.com:8443'],
    [
      'of the URL where the base URL is empty',
      { baseURL: '', url: 'http://b.example/x', allowAbsoluteUrls: false },
      'http://b.example',
    ],
    ['of the base URL', { baseURL: 'http://api.example.com/v1', url: '/users' }, 'http://api.example.com'],
    [
      'of an absolute URL that overrides the base',
      { baseURL: 'http://a.example', url: 'http://b.example/x' },
      'http://b.example',
    ],
    [
      'of the base where absolute URLs are not allowed',
      { baseURL: 'http://a.example', url: 'http://b.example/x', allowAbsoluteUrls: false },
      'http://a.example',
    ],
    ['of a Unix socket', { socketPath: '/run/docker.sock', url: '/info' }, 'unix:/run/docker.sock'],
    ['without the credentials in the URL', { url: 'https://user:secret@api.example.com/' }, 'https://api.example.com'],
    ['of nothing that is a URL', { url: 'nonsense' }, 'invalid URL'],
  ])('names the origin %s', (_, config, origin) => {
    expect(createCall({ ...config, headers: new AxiosHeaders() }, 'default').origin).toBe(origin);
  });

  it('takes the method in upper case, GET where none is given', () => {
    const headers = new AxiosHeaders();
    expect(createCall({ method: 'post', headers }, 'default').method).toBe('POST');
    expect(createCall({ headers }, 'default').method).toBe('GET');
  });
});
