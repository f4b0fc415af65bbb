import type { FastifyInstance } from 'fastify';

/**
 * Ends each connection with its last answer once the server closes: one that is kept alive would hold up the end for
 * more than a minute.
 */
export function endConnectionsOnClose(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    if (isClosing && request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
    done(null, payload);
  });
  // For an answer whose head was sent before.
  app.addHook('onResponse', (_request, _reply, done) => {
    if (isClosing && 'closeIdleConnections' in app.server) app.server.closeIdleConnections();
    done();
  });
}
