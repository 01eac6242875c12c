import axios, { type AxiosRequestConfig, type AxiosRequestTransformer } from 'axios';
import { types } from 'node:util';
import { binaryBytes } from '../base/bytes.js';

type Transforms = AxiosRequestConfig['transformRequest'];

const [plainTransform] = [axios.defaults.transformRequest].flat() as AxiosRequestTransformer[];

/**
 * axios's own transform, but that a view sends its own bytes: axios sends the whole memory that it looks into, whatever else is there
 * (https://github.com/axios/axios/issues/4068), and a SharedArrayBuffer as `{}`.
 */
export const transformRequest: AxiosRequestTransformer = function transform(data: unknown, headers) {
  const isBinary = typeof data === 'object' && (ArrayBuffer.isView(data) || types.isSharedArrayBuffer(data));
  return plainTransform!.call(this, isBinary ? binaryBytes(data) : data, headers);
};

/** Transforms with ours in the place of axios's. */
export function withBinaryData(transforms: Transforms = plainTransform): Transforms {
  const replaced = (transform: AxiosRequestTransformer) =>
    transform === plainTransform ? transformRequest : transform;
  return Array.isArray(transforms) ? transforms.map(replaced) : transforms && replaced(transforms);
}
