/** Nobody asks for a binding by maker and name together unless it is live, and that has an index of its own. */
export const ONE_INDEX_LESS = ['drop index bindings_name'] as const;
