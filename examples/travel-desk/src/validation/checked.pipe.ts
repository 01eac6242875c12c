import { BadRequestException, StandardSchemaValidationPipe } from '@nestjs/common';

/** Checks what a route's decorator brings a schema for: 400 with every problem, as `from: expected …; to: expected …`. */
export const checkedPipe = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) =>
    new BadRequestException(
      issues
        .map(({ path = [], message }) =>
          [...path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)), message].join(': '),
        )
        .join('; '),
    ),
});
