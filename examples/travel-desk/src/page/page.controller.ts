import { Controller, Get, Header, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { DeskService } from '../desk/desk.service.js';
import type { Settings } from '../settings/schema.js';
import { InjectSettings } from '../settings/settings.module.js';
import { SecurityHeaders } from './security-headers.js';
import { page } from './views/page.js';

@Controller()
@ApiExcludeController()
@UseInterceptors(SecurityHeaders)
export class PageController {
  constructor(
    private readonly desk: DeskService,
    @InjectSettings() private readonly settings: Settings,
  ) {}

  /** As things are now, which the page's script then keeps up to date. */
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  page(): string {
    return page(this.desk.snapshot(), { searchMs: this.settings.fares.deadlineMs, today: new Date() }).text;
  }
}
