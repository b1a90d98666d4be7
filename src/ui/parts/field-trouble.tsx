import type { ComponentChildren } from 'preact';
import { fieldTroubleWords } from '../words/field-trouble.ts';
import { TroubleCard } from './trouble.tsx';

/** A trouble on a screen beside a device, where every code has its words. */
export function FieldTroubleCard(props: {
  readonly code: string;
  readonly waits?: boolean;
  readonly children?: ComponentChildren;
}) {
  return <TroubleCard {...props} words={fieldTroubleWords} />;
}
