/** A record as any Kafka client sees it: no more than bytes. */
export interface PlainRecord {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly PlainHeader[];
}

/** A header of a plain record. */
export interface PlainHeader {
  readonly name: string;
  readonly value: Buffer;
}

/** The text of a header, or undefined where the record has none of that name. */
export function headerText(record: PlainRecord, name: string): string | undefined {
  return record.headers.find((header) => header.name === name)?.value.toString('utf8');
}
