import { Catch, HttpException, Logger, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, type AbstractHttpAdapter } from '@nestjs/core';
import { TenantryError } from '../../core/errors.js';
import { httpAnswerOf, isToldWith, NOT_TOLD } from '../http/http-answer.js';

/** Answers errors of this library that nobody caught, where they are not faults of the application. */
export class TenantryErrorFilter extends BaseExceptionFilter<TenantryError> {
  readonly #adapter: AbstractHttpAdapter | undefined;
  readonly #logger = new Logger('Tenantry');

  constructor(adapter: AbstractHttpAdapter | undefined) {
    super(adapter);
    this.#adapter = adapter;
  }

  override catch(error: TenantryError, host: ArgumentsHost): void {
    // Of events, messages and queries no HTTP answer is expected.
    if (host.getType() !== 'http') throw error;
    const answer = httpAnswerOf(error);
    if (answer === undefined) {
      super.catch(error, host);
      return;
    }
    const { statusCode, retryAfterSeconds } = answer;
    if (retryAfterSeconds !== undefined) {
      this.#adapter?.setHeader(host.switchToHttp().getResponse(), 'Retry-After', String(retryAfterSeconds));
    }
    const { code } = error;
    const message = isToldWith(statusCode) ? error.message : NOT_TOLD;
    // NestJS logs nothing of what has an answer.
    if (message === NOT_TOLD) this.#logger.error(error);
    // The base class knows how to answer with this one.
    super.catch(new HttpException({ statusCode, code, message }, statusCode) as never, host);
  }
}

Catch(TenantryError)(TenantryErrorFilter);
