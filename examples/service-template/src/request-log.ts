import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';

/** One line for each request, when it is answered: only then is it known whose it was. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // Nobody has verified its token yet.
  }

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { method, routeOptions } = request;
    const line = { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
    if (error) request.log.error({ ...line, err: error }, 'request');
    else request.log.info(line, 'request');
  }
}
