import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiResponse } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';

/** The body that Nest gives an HttpException. */
export class Problem {
  @ApiProperty({ type: 'integer' })
  statusCode!: number;

  @ApiProperty()
  message!: string;

  @ApiProperty()
  error!: string;
}

/** Documents an error of a route: when it comes, and a message it comes with. */
export const ApiProblem = (statusCode: number, description: string, message: string): MethodDecorator =>
  ApiResponse({
    status: statusCode,
    type: Problem,
    description,
    example: { message, error: STATUS_CODES[statusCode], statusCode },
  });

/** Documents what `upstreamFailure` answers. */
export const ApiUpstreamFailures = (): MethodDecorator =>
  applyDecorators(
    ApiProblem(
      502,
      'The upstream is dead, broke off, or speaks no HTTP',
      '127.0.0.1:8001 gave no valid answer (ECONNREFUSED)',
    ),
    ApiProblem(503, 'The app is shutting down, or too many calls wait already', 'The app is shutting down'),
    ApiProblem(504, 'The upstream did not answer in time', '127.0.0.1:8001 did not answer in time'),
  );
