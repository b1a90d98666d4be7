/**
 * Drops an index: bindings are looked up by maker and name together only while they are live, and those have an index
 * of their own.
 */
export const ONE_INDEX_LESS = ['drop index bindings_name'] as const;
