type CamelKey<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelKey<Tail>>}`
  : Key;

/** The same shape with `snake_case` keys as `camelCase`. */
export type Camelised<Value> = Value extends readonly (infer Element)[]
  ? readonly Camelised<Element>[]
  : Value extends object
    ? { readonly [Key in keyof Value & string as CamelKey<Key>]: Camelised<Value[Key]> }
    : Value;

/** Copies plain objects and lists with their keys in camel case. */
export function camelise<Value>(value: Value): Camelised<Value> {
  return convert(value) as Camelised<Value>;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      convert(child),
    ]),
  );
}
