import { ContractSet } from '../../contract/contract-set.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import { isConfidentialUrl } from '../../encryption/confidential-url.js';
import { serdeOption, type SerdeOption } from '../../serde/serde-option.js';
import { contractOf, isContractOption, needsLibrary, type ContractSchema } from './contract-schema.js';
import type { RegistryMode } from './publishing-schema.js';
import { RegistryCalls } from '../../serde/registry/registry-calls.js';
import { RegistryHttp, type RegistryAuth } from '../../serde/registry/registry-http.js';
import { RegistryQuestions } from './registry-questions.js';
import { RegistryValueSerde } from './registry-value-serde.js';
import { requireSchemaLibrary } from './schema-library.js';
import { NAMED_STRATEGIES, type SubjectStrategy } from '../../serde/registry/subjects.js';

/** Options of `registrySerde`. */
export interface RegistrySerdeOptions {
  /** The registry's address, with the path of its API: `https://registry.example:8081`. */
  readonly url: string;
  /** Only over `https`, or on this machine. A function is asked for the token before every call. Default: none */
  readonly auth?: RegistryAuth | undefined;
  /** Default `read-only`: nothing is ever registered by the application. */
  readonly mode?: RegistryMode | undefined;
  /** Default `topic-record`. */
  readonly subject?: SubjectStrategy | undefined;
  /**
   * Contracts whose schemas `start()` of the client finds, or registers where the mode is `register`; contracts in
   * Avro or Protobuf stand here with their text. Others are found with their first event. Default: none
   */
  readonly contracts?: readonly (AnyEventContract | ContractSchema)[] | undefined;
  /** How long a call may take with its retries, in milliseconds. 10 to 60,000. Default 5,000 */
  readonly timeoutMs?: number | undefined;
}

const optionsSchema = lazySchema((z) =>
  z
    .strictObject({
      url: z.string().refine(isRegistryUrl, 'must be an http or https URL without credentials, query or fragment'),
      auth: z
        .union([
          z.strictObject({ username: z.string().min(1), password: z.string() }),
          z.strictObject({
            token: z.union([
              z.string().min(1),
              z.custom<() => string | Promise<string>>(isFunction, 'must be a token or a function'),
            ]),
          }),
        ])
        .optional(),
      mode: z.enum(['read-only', 'register', 'latest']).default('read-only'),
      subject: z
        .union([
          z.enum(NAMED_STRATEGIES),
          z.custom<(contract: AnyEventContract) => string>(isFunction, 'must be a strategy or a function'),
        ])
        .default('topic-record'),
      contracts: z
        .array(
          z.custom<AnyEventContract | ContractSchema>(
            isContractOption,
            'must be a contract made by defineEvent, or { contract } with one of avro, protobuf and json',
          ),
        )
        .readonly()
        .default([]),
      timeoutMs: z.int().min(10).max(60_000).default(5_000),
    })
    .refine(({ url, auth }) => auth === undefined || isConfidentialUrl(url), {
      path: ['auth'],
      error: 'must not be sent over http, except on this machine',
    }),
);

/**
 * Values under schemas that a schema registry keeps, in the framing of Confluent's serializers: the option `serde` of
 * a client. It speaks the API of Confluent's registry, as Apicurio, Karapace and Redpanda do too.
 *
 * @throws TenantryError `INVALID_OPTIONS`; `CONTRACT_CONFLICT` where two of the contracts cannot stand beside each other
 */
export function registrySerde(options: RegistrySerdeOptions): SerdeOption {
  const { url, auth, mode, subject, contracts, timeoutMs } = checkOptions('registrySerde', optionsSchema, options);
  const all = new ContractSet();
  for (const given of contracts) all.add(contractOf(given));
  if (contracts.some(needsLibrary)) requireSchemaLibrary();
  const texts = new Map(
    contracts.flatMap((given) => ('contract' in given ? [[given.contract.eventType, given] as const] : [])),
  );
  return serdeOption(({ clock, telemetry }) => {
    const http = new RegistryHttp({ url, auth, timeoutMs }, clock);
    return new RegistryValueSerde({
      calls: new RegistryCalls(http),
      questions: new RegistryQuestions({ clock, telemetry, host: http.host, ping: () => http.ping() }),
      mode,
      subject,
      contracts: contracts.map(contractOf),
      texts,
    });
  });
}

function isRegistryUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return false;
  return [url.username, url.password, url.search, url.hash].every((part) => part === '');
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
