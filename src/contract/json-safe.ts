type Leaf = string | number | boolean | null | undefined;
type Callable = (...parameters: never[]) => unknown;

interface CannotSurvive {
  Date: Date;
  Map: ReadonlyMap<unknown, unknown>;
  Set: ReadonlySet<unknown>;
  'typed array or Buffer': ArrayBufferView;
  RegExp: RegExp;
  URL: URL;
  Promise: PromiseLike<unknown>;
}

type NameOf<T> = { [N in keyof CannotSurvive]: T extends CannotSurvive[N] ? N : never }[keyof CannotSurvive];

type At<Path extends string> = Path extends '' ? 'the data' : `field ${Path}`;
type Refusal<Path extends string, What extends string> =
  `${At<Path>} is a ${What}, which does not survive JSON: let the schema return a string or a number`;

/**
 * Why a type would not come back from JSON as it was, or `never` where it would. Types nested deeper than
 * eight levels, and recursive ones, are checked that far and trusted beyond.
 */
export type JsonProblem<T, Path extends string = '', Depth extends readonly 0[] = []> = Depth['length'] extends 8
  ? never
  : 0 extends 1 & T
    ? never
    : unknown extends T
      ? never
      : T extends Leaf
        ? never
        : T extends bigint
          ? Refusal<Path, 'bigint'>
          : T extends symbol
            ? Refusal<Path, 'symbol'>
            : T extends Callable
              ? Refusal<Path, 'function'>
              : [NameOf<T>] extends [never]
                ? T extends readonly (infer Item)[]
                  ? JsonProblem<Item, `${Path}[]`, [...Depth, 0]>
                  : T extends object
                    ? {
                        [K in keyof T & (string | number)]: JsonProblem<T[K], Path extends '' ? `${K}` : `${Path}.${K}`, [...Depth, 0]>;
                      }[keyof T & (string | number)]
                    : never
                : Refusal<Path, NameOf<T>>;

/**
 * Demands of a schema that what it returns survives JSON and is accepted by the same schema again; where
 * it does not, the schema's type is met by a sentence that says why, and the call does not compile.
 */
export type SurvivesJson<In, Out> = [JsonProblem<Out>] extends [never]
  ? [Out] extends [In]
    ? unknown
    : 'the schema does not accept what it returns: a transform must accept its own output, because consumers validate with the same schema'
  : JsonProblem<Out>;
