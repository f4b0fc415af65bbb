/** What can go wrong in the demo itself; what goes wrong in Kafka or tenantry has a code of its own. */
export type DemoErrorCode =
  | 'INVALID_OPTION'
  | 'FILE_UNREADABLE'
  | 'FILE_MALFORMED'
  | 'FILE_EMPTY'
  | 'COLUMN_MISSING'
  | 'VALUE_INVALID'
  | 'TENANT_COLLISION'
  | 'STALLED'
  | 'CHECK_FAILED'
  | 'INTERRUPTED';

/** An expected failure: a person sees its code and message, and no stack trace. */
export class DemoError extends Error {
  readonly code: DemoErrorCode;

  constructor(code: DemoErrorCode, message: string) {
    super(message);
    this.name = 'DemoError';
    this.code = code;
  }
}
