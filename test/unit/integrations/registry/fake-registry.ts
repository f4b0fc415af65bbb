import { JsonServer, type JsonAnswer, type JsonRequest } from '../../../key-services/servers/json-server.js';

interface Kept {
  readonly schema: string;
  readonly schemaType: string;
  readonly references?: readonly object[];
}

/** A registry for what a real one does not do when it is asked to. It keeps everything and compares nothing. */
export class FakeRegistry extends JsonServer {
  readonly kept: Kept[];
  /** Subjects, with the ids of their versions. */
  readonly subjects: Map<string, number[]>;
  /** Whether it has something to compare a schema with where it is asked about compatibility. */
  compares = true;
  /** A path at which it fails, whatever is asked. */
  failsAt: string | undefined;

  constructor() {
    const kept: Kept[] = [];
    const subjects = new Map<string, number[]>();
    super((request) => {
      if (request.path === this.failsAt) return { status: 500 };
      return !this.compares && request.path.startsWith('/compatibility')
        ? none(40401)
        : answer(kept, subjects, request);
    });
    this.kept = kept;
    this.subjects = subjects;
  }

  /** @returns its id */
  register(subject: string, schema: string, schemaType = 'JSON', references?: readonly object[]): number {
    return register(this.kept, this.subjects, subject, { schema, schemaType, ...(references && { references }) });
  }

  /** What was asked, as `METHOD path`. */
  get asked(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`);
  }
}

function register(kept: Kept[], subjects: Map<string, number[]>, subject: string, added: Kept): number {
  const found = kept.findIndex(({ schema }) => schema === added.schema);
  const id = found === -1 ? kept.push(added) : found + 1;
  subjects.set(subject, [...(subjects.get(subject) ?? []), id]);
  return id;
}

function answer(kept: Kept[], subjects: Map<string, number[]>, { method, path, body }: JsonRequest): JsonAnswer {
  const [, first = '', second = '', third, version] = path.split('/').map(decodeURIComponent);
  const ids = subjects.get(second) ?? [];
  const found = (id: number | undefined): JsonAnswer => {
    const schema = id === undefined ? undefined : kept[id - 1];
    return schema === undefined ? none(40403) : { status: 200, body: { id, ...schema } };
  };
  const { schema, schemaType = 'AVRO' } = body as { schema: string; schemaType?: string };
  if (first === 'schemas') return found(Number(third));
  if (first === 'compatibility') return { status: 200, body: { is_compatible: true } };
  if (first !== 'subjects') return { status: 404 };
  if (second === '') return { status: 200, body: [...subjects.keys()] };
  if (method === 'GET') return found(version === 'latest' ? ids.at(-1) : ids[Number(version) - 1]);
  if (third === 'versions')
    return { status: 200, body: { id: register(kept, subjects, second, { schema, schemaType }) } };
  return found(ids.find((id) => kept[id - 1]?.schema === schema));
}

function none(code: number): JsonAnswer {
  return { status: 404, body: { error_code: code, message: 'none' } };
}
