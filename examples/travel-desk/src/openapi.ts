import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { toJsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';

/** The OpenAPI document of the app: what the schemas of its routes cannot say in JSON Schema is left out. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const api = new DocumentBuilder()
    .setTitle('Travel desk')
    .setDescription("Calls other people's APIs through one pooled client.")
    .build();
  return SwaggerModule.createDocument(app, api, {
    standardSchemaConverter: (schema, { schemaType }) => {
      const { $schema: _version, ...converted } = toJsonSchema(schema as GenericSchema, {
        typeMode: schemaType,
        target: 'openapi-3.0',
        errorMode: 'ignore',
      });
      return { schema: converted };
    },
  });
}
