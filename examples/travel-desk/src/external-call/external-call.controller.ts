import { Controller, Get, Query } from '@nestjs/common';
import {
  ApiBadGatewayResponse,
  ApiBadRequestResponse,
  ApiGatewayTimeoutResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiServiceUnavailableResponse,
} from '@nestjs/swagger';
import type { AxiosInstance } from 'axios';
import { InjectHttpClient } from 'nest-outbound';
import { Problem } from '../problem.js';
import { TargetUrlPipe } from './target-url.pipe.js';
import { upstreamFailure } from './upstream-failure.js';

class ExternalCall {
  @ApiProperty({ description: "The upstream's body: parsed where it is JSON.", example: { page: 1 } })
  result!: unknown;

  @ApiProperty({ description: "The upstream's status, whatever it is.", example: 200 })
  status!: number;
}

@Controller('call-external')
export class ExternalCallController {
  constructor(@InjectHttpClient() private readonly http: AxiosInstance) {}

  @Get()
  @ApiOperation({ summary: 'Calls a URL through the shared client' })
  @ApiQuery({
    name: 'url',
    type: String,
    description:
      'An absolute http or https URL. The embedded upstream has /pages/1, /slow?ms=1000, /hang and /status/503.',
    example: 'http://127.0.0.1:8001/pages/1',
  })
  @ApiOkResponse({ type: ExternalCall })
  @ApiBadRequestResponse({ type: Problem, description: 'url is missing or no such URL' })
  @ApiBadGatewayResponse({ type: Problem, description: 'The upstream is dead or speaks no HTTP' })
  @ApiServiceUnavailableResponse({ type: Problem, description: 'The app is shutting down' })
  @ApiGatewayTimeoutResponse({ type: Problem, description: 'The upstream did not answer in time' })
  async call(@Query('url', TargetUrlPipe) url: string): Promise<ExternalCall> {
    try {
      const { data, status } = await this.http.get<unknown>(url, { validateStatus: () => true });
      return { result: data, status };
    } catch (error) {
      throw upstreamFailure(error, url);
    }
  }
}
