import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery } from '@nestjs/swagger';
import type { AxiosInstance } from 'axios';
import { InjectHttpClient } from 'nest-outbound';
import { ApiProblemOrRefusal, ApiUpstreamFailures } from '../failures/problem.js';
import { bodyAsJson } from './body-as-json.js';
import { ExternalCall } from './external-call.js';
import { TARGET_URL_EXPECTED, TargetUrlPipe } from './target-url.pipe.js';

@Controller('call-external')
export class ExternalCallController {
  constructor(@InjectHttpClient() private readonly http: AxiosInstance) {}

  @Get()
  @ApiOperation({ summary: 'Calls a URL through the shared client' })
  @ApiQuery({
    name: 'url',
    type: String,
    description: 'An absolute http or https URL',
    examples: {
      page: { summary: 'a page', value: 'http://127.0.0.1:8001/pages/1' },
      notFound: { summary: 'no such page: an answer too', value: 'http://127.0.0.1:8001/nowhere' },
      slow: { summary: 'slow, but in time', value: 'http://127.0.0.1:8001/slow?ms=1000' },
      hang: { summary: 'never answers: 504 after 3 s', value: 'http://127.0.0.1:8001/hang' },
      metadata: { summary: 'the metadata service of a cloud: 400', value: 'http://169.254.169.254/latest/meta-data/' },
    },
  })
  @ApiOkResponse({ type: ExternalCall, description: 'The upstream answered' })
  @ApiProblemOrRefusal(400, 'url is missing, given twice, no such URL, or leads where no call may', TARGET_URL_EXPECTED)
  @ApiUpstreamFailures()
  async call(@Query('url', TargetUrlPipe) url: string): Promise<ExternalCall> {
    const { data, status, headers } = await this.http.get<Buffer>(url, {
      responseType: 'arraybuffer',
      validateStatus: () => true,
    });
    return { result: bodyAsJson(data, headers['content-type']?.toString()), status };
  }
}
