import { Controller, Get, HttpStatus, Redirect } from '@nestjs/common';
import { ApiFoundResponse, ApiOperation } from '@nestjs/swagger';

@Controller()
export class PageController {
  @Get()
  @Redirect('/docs', HttpStatus.FOUND)
  @ApiOperation({ summary: 'Leads to this page' })
  @ApiFoundResponse({ description: 'Location: /docs' })
  page(): void {}
}
