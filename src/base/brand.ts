declare const brand: unique symbol;

/** A `T` that only the function which mints it can make. */
export type Brand<T, Name extends string> = T & {readonly [brand]: Name};
