/** The formats that a registry knows. */
export type SchemaType = 'JSON' | 'AVRO' | 'PROTOBUF';

/** Another subject's schema that a schema uses. */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema as a registry keeps it. */
export interface SchemaText {
  readonly schemaType: SchemaType;
  readonly schema: string;
  /** Empty for the schemas of contracts, which stand by themselves. */
  readonly references: readonly SchemaReference[];
}
