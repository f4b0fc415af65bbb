import type { Attributes } from '@opentelemetry/api';
import type { ErrorCode } from '../core/error-codes.js';
import type { AttributeName } from './attributes.js';
import { templateOf } from './tenant-labels.js';
import type { TraceHeader } from './trace-headers.js';

/** What is known of an event when its publish begins. */
export interface PublishFacts {
  readonly tenantId: string;
  readonly topic: string;
  readonly eventType: string;
  readonly eventId: string;
}

/** What is known of an event when a try of its handler begins. */
export interface ProcessFacts extends PublishFacts {
  readonly partition: number;
  readonly offset: number;
  readonly groupId: string;
  /** Which try of the handler this is, from 1. */
  readonly attempt: number;
  /** The record's own headers, which carry the trace context. */
  readonly headers: readonly TraceHeader[];
}

/** Attributes of the table. */
export type NamedAttributes = Partial<Readonly<Record<AttributeName, string | number>>>;

/** What `error.type` says: a code of ours, or what the conventions say for an error of another kind. */
export type ErrorType = ErrorCode | '_OTHER';

/** The attributes of a span when it begins, so that a sampler can decide by them. */
export function spanAttributes(operation: 'send' | 'process', facts: PublishFacts, more?: NamedAttributes): Attributes {
  return {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': facts.topic,
    'messaging.message.id': facts.eventId,
    'tenantry.tenant.id': facts.tenantId,
    'tenantry.event.type': facts.eventType,
    ...more,
  } satisfies NamedAttributes;
}

/** What metrics tell publishes apart by. */
export function publishMetricAttributes(
  { topic, tenantId }: PublishFacts,
  errorType: ErrorType | undefined,
): Attributes {
  return {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.destination.name': templateOf(topic, tenantId),
    ...(errorType !== undefined && { 'error.type': errorType }),
  } satisfies NamedAttributes;
}

/** What metrics tell tries of handlers apart by. */
export function processMetricAttributes(
  { topic, tenantId, groupId }: ProcessFacts,
  errorType: ErrorType | undefined,
): Attributes {
  return {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.destination.name': templateOf(topic, tenantId),
    'messaging.consumer.group.name': templateOf(groupId, tenantId),
    ...(errorType !== undefined && { 'error.type': errorType }),
  } satisfies NamedAttributes;
}
