import type { ComponentChildren } from 'preact';

/** Named values, one under the other. Absent ones are left out. */
export function Facts({
  of,
}: {
  readonly of: readonly (readonly [string, ComponentChildren | undefined])[];
}) {
  return (
    <dl class="facts">
      {of
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
