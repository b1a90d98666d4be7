/**
 * Reads for an effect, and gives what ends it. An answer that comes after that is an older question's and counts no more; one
 * that fails is said, for nothing else on the screen shows that something is missing.
 */
export function ask<T>(
  answer: Promise<T>,
  take: (found: T) => void,
  fail: (error: unknown) => void,
): () => void {
  let isCurrent = true;
  answer.then(
    (found) => {
      if (isCurrent) take(found);
    },
    (error: unknown) => {
      if (isCurrent) fail(error);
    },
  );
  return () => {
    isCurrent = false;
  };
}
