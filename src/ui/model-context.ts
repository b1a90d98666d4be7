import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { AppModel } from './model.ts';

export const ModelContext = createContext<AppModel | null>(null);

export function useModel(): AppModel {
  const model = useContext(ModelContext);
  if (model === null) throw new Error('a screen stands outside the app');
  return model;
}
