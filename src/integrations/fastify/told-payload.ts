import { isToldWith, NOT_TOLD } from '../http/http-answer.js';

/** The payload of an answer, without the message of the error where that is not for the caller; Fastify puts it in. */
export function toldPayload(error: Error | undefined, statusCode: number, payload: unknown): unknown {
  if (error === undefined || isToldWith(statusCode) || typeof payload !== 'string') return payload;
  const answer = objectIn(payload);
  return answer?.['message'] === error.message ? JSON.stringify({ ...answer, message: NOT_TOLD }) : payload;
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
