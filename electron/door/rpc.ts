import { OpenAPIGenerator } from '@orpc/openapi';
import { OpenAPIHandler } from '@orpc/openapi/node';
import type { ORPCError } from '@orpc/server';
import { RPCHandler as PortHandler } from '@orpc/server/message-port';
import { RPCHandler as SocketHandler } from '@orpc/server/ws';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import { contract } from '../../shared/contract.ts';
import { createApi } from '../core/api.ts';
import type { Core } from '../core/compose.ts';
import { isStream, problemError, streamWithProblems } from './problem-error.ts';

/** The contract over its three transports: a window's port, a browser's socket, and REST. */
export function createRpc(core: Core) {
  const router = createApi(core);
  const clientInterceptors = [
    async ({ next }: { next: () => Promise<unknown> }) => {
      try {
        const answer = await next();
        return isStream(answer) ? streamWithProblems(answer, core.log) : answer;
      } catch (error) {
        throw problemError(error, core.log);
      }
    },
  ];
  const customErrorResponseBodyEncoder = (error: ORPCError<string, unknown>) =>
    error.code === 'PROBLEM' ? error.data : undefined;
  return {
    port: new PortHandler(router, { clientInterceptors }),
    socket: new SocketHandler(router, { clientInterceptors }),
    rest: new OpenAPIHandler(router, { clientInterceptors, customErrorResponseBodyEncoder }),
  };
}
export type Rpc = ReturnType<typeof createRpc>;

/** OpenAPI document of `/api`, with the routes that are no procedures: bytes that come and go as streams. */
export async function openApiDocument(version: string) {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  const document = await generator.generate(contract, {
    info: { title: 'Gantry', version, description: 'Errors are problems: code, title, remedy.' },
    servers: [{ url: '/api' }],
    security: [{ token: [] }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  });
  const text = { schema: { type: 'string' as const } };
  return {
    ...document,
    paths: {
      ...document.paths,
      '/imports/{id}/files': {
        ...document.paths?.['/imports/{id}/files'],
        post: {
          operationId: 'imports.upload',
          summary: 'One file of an import that was opened for sending; the body is the file',
          parameters: [
            { name: 'id', in: 'path' as const, required: true, schema: { type: 'integer' as const } },
            { name: 'name', in: 'query' as const, required: true, ...text },
            ...['foundFiles', 'foundBytes'].map(name => ({
              name,
              in: 'query' as const,
              required: true,
              description: 'What the sender has found so far',
              schema: { type: 'integer' as const },
            })),
          ],
          requestBody: { content: { 'application/octet-stream': {} } },
          responses: { 204: { description: 'Taken; the report says what became of it' } },
        },
      },
      '/exports/{ticket}': {
        get: {
          operationId: 'exports.download',
          summary: 'The ZIP of an export, once; needs no token',
          security: [],
          parameters: [{ name: 'ticket', in: 'path' as const, required: true, ...text }],
          responses: { 200: { description: 'The archive', content: { 'application/zip': {} } } },
        },
      },
      '/instances/{sopInstanceUid}/file': {
        get: {
          operationId: 'instances.file',
          summary: 'The stored DICOM file; ranges are served',
          parameters: [
            { name: 'sopInstanceUid', in: 'path' as const, required: true, ...text },
            {
              name: 'version',
              in: 'query' as const,
              description: 'Without it the newest version',
              schema: { type: 'integer' as const },
            },
          ],
          responses: {
            200: { description: 'The file', content: { 'application/dicom': {} } },
            404: { description: 'INSTANCE_NOT_FOUND' },
          },
        },
      },
    },
  };
}
