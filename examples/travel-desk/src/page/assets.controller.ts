import { Controller, Get, Header, NotFoundException, Param, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { ServerResponse } from 'node:http';
import { Assets } from './assets.js';
import { SecurityHeaders } from './security-headers.js';

@Controller('assets')
@ApiExcludeController()
@UseInterceptors(SecurityHeaders)
export class AssetsController {
  constructor(private readonly assets: Assets) {}

  /** Kept by browsers, which ask each time whether it has changed: express answers 304 by the ETag it makes. */
  @Get('*path')
  @Header('cache-control', 'no-cache')
  file(@Param('path') path: string[], @Res({ passthrough: true }) response: ServerResponse): string {
    const asset = this.assets.find(path.join('/'));
    if (!asset) throw new NotFoundException('there is no such file');
    response.setHeader('content-type', asset.type);
    return asset.text;
  }
}
