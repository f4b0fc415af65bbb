type Leaf = string | number | boolean | null | undefined;

/** What JSON drops, refuses or turns into something else. Only ECMAScript's own types are named, so that no platform's are needed. */
interface Unsuitable {
  bigint: bigint;
  symbol: symbol;
  function: (...parameters: never[]) => unknown;
  Date: Date;
  Map: ReadonlyMap<unknown, unknown>;
  // A Map has all that a Set has.
  Set: ReadonlySet<unknown> & { readonly get?: never };
  'typed array or Buffer': ArrayBufferView;
  RegExp: RegExp;
  URL: { readonly href: string; readonly searchParams: object; toJSON(): string };
  Promise: PromiseLike<unknown>;
}

type NameOf<T> = { [Name in keyof Unsuitable]: T extends Unsuitable[Name] ? Name : never }[keyof Unsuitable];

// Deep enough for any event; it bounds what a recursive type costs the compiler.
type MaxLevels = 12;
type Less = [never, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
type More = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

type IsUnknown<T> = unknown extends T ? true : false;
type Keys<T> = keyof T & (string | number);
/** JSON writes an undefined item as null. A tuple's optional items also read as undefined, so tuples are let be. */
type HasHoles<List extends readonly unknown[]> = number extends List['length']
  ? IsUnknown<List[number]> extends true
    ? false
    : undefined extends List[number]
      ? true
      : false
  : false;

/**
 * `true` where a type holds something unsuitable at most `Levels` below it, else `never`. It carries no
 * path, so the compiler answers it once for each type and level, whatever the type's recursion.
 */
type Fault<T, Levels extends number> =
  IsUnknown<T> extends true
    ? never
    : T extends Leaf
      ? never
      : T extends Unsuitable[keyof Unsuitable]
        ? true
        : Levels extends 0
          ? never
          : T extends readonly unknown[]
            ? HasHoles<T> extends true
              ? true
              : Fault<T[number], Less[Levels]>
            : T extends object
              ? { [K in Keys<T>]: Fault<T[K], Less[Levels]> }[Keys<T>]
              : never;

type ShallowestFault<T, Levels extends number = 0> = [Fault<T, Levels>] extends [never]
  ? Levels extends MaxLevels
    ? never
    : ShallowestFault<T, More[Levels]>
  : Levels;

type At<Path extends string> = Path extends '' ? 'the data' : `field ${Path}`;
type Step<K> = string extends K ? '*' : number extends K ? '*' : K extends string | number ? `${K}` : never;
type Below<Path extends string, K> = Path extends '' ? Step<K> : `${Path}.${Step<K>}`;

/** A sentence for each unsuitable place exactly as deep as the shallowest one; other branches are not entered. */
type Explain<T, Path extends string, Levels extends number> = T extends Leaf
  ? never
  : [Fault<T, Levels>] extends [never]
    ? never
    : T extends Unsuitable[keyof Unsuitable]
      ? `${At<Path>} is a ${NameOf<T>}, which does not survive JSON: let the schema return a string or a number`
      : T extends readonly unknown[]
        ? HasHoles<T> extends true
          ? `${At<`${Path}[]`>} may be undefined, which JSON writes as null inside an array`
          : Explain<T[number], `${Path}[]`, Less[Levels]>
        : { [K in Keys<T>]: Explain<T[K], Below<Path, K>, Less[Levels]> }[Keys<T>];

/**
 * Why a type would not come back from JSON as it was, or `never` where it would. It looks twelve levels
 * deep and trusts what is `any` or `unknown`; the first publish of a contract checks the bytes themselves.
 */
export type JsonProblem<T> =
  IsUnknown<T> extends true
    ? never
    : undefined extends T
      ? 'the data may be undefined, which JSON cannot hold'
      : ShallowestFault<T> extends infer Levels extends number
        ? Explain<T, '', Levels>
        : never;

/** A type with every array readonly: whether a validator promises not to change an array says nothing of what it accepts. */
type Readable<T> = IsUnknown<T> extends true ? T : T extends Leaf ? T : { readonly [K in keyof T]: Readable<T[K]> };

type Accepts<In, Out> = [Out] extends [In] ? true : [Out] extends [Readable<In>] ? true : false;

/**
 * Demands of a schema that what it returns survives JSON and is accepted by the same schema again; where
 * it does not, the schema's type is met by a sentence that says why, and the call does not compile.
 */
export type SurvivesJson<In, Out> = [JsonProblem<Out>] extends [never]
  ? Accepts<In, Out> extends true
    ? unknown
    : 'the schema does not accept what it returns: a transform must accept its own output, because consumers validate with the same schema'
  : JsonProblem<Out>;
