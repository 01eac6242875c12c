import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { parsedUrl } from '../validation/parsed-url.js';

export const TARGET_URL_EXPECTED = 'url: expected one absolute http or https URL';

/** Turns the query parameter `url` into the address to call. */
@Injectable()
export class TargetUrlPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    const url = typeof value === 'string' ? parsedUrl(value) : undefined;
    if (url?.protocol === 'http:' || url?.protocol === 'https:') return url.href;
    throw new BadRequestException(TARGET_URL_EXPECTED);
  }
}
