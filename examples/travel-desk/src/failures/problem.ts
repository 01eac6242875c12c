import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
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

/** The body that nest-outbound's exception filter gives the error of a call: RFC 9457. */
export class UpstreamProblem {
  @ApiProperty()
  type!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty({ type: 'integer' })
  status!: number;

  @ApiProperty()
  detail!: string;

  @ApiProperty({ description: 'The client that the call was made with' })
  client!: string;

  @ApiProperty({ description: 'Whom the call was for' })
  origin!: string;

  @ApiProperty({ description: 'What it failed with' })
  code!: string;

  @ApiProperty({ type: 'integer' })
  attempts!: number;
}

/** Documents an error of a route: when it comes, and a message it comes with. */
export const ApiProblem = (statusCode: number, description: string, message: string): MethodDecorator =>
  ApiResponse({
    status: statusCode,
    type: Problem,
    description,
    example: { message, error: STATUS_CODES[statusCode], statusCode },
  });

/** The same where a call that may not be made is answered with that status, too. */
export const ApiProblemOrRefusal = (statusCode: number, description: string, message: string): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(Problem, UpstreamProblem),
    ApiResponse({
      status: statusCode,
      description,
      content: {
        'application/json': {
          schema: { $ref: getSchemaPath(Problem) },
          example: { message, error: STATUS_CODES[statusCode], statusCode },
        },
        'application/problem+json': { schema: { $ref: getSchemaPath(UpstreamProblem) } },
      },
    }),
  );

const ApiUpstreamProblem = (status: number, description: string): MethodDecorator =>
  ApiResponse({
    status,
    description,
    content: { 'application/problem+json': { schema: { $ref: getSchemaPath(UpstreamProblem) } } },
  });

/** Documents what becomes of calls that fail. */
export const ApiUpstreamFailures = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(UpstreamProblem),
    ApiUpstreamProblem(502, 'The upstream is dead, broke off, or speaks no HTTP'),
    ApiUpstreamProblem(503, 'The app is shutting down, or too many calls wait already'),
    ApiUpstreamProblem(504, 'The upstream did not answer in time'),
  );
