/** A long technical name that may break only after its dots, slashes and hyphens, never inside a word. */
export function NameText({ text, fact }: { readonly text: string; readonly fact?: string }) {
  const parts = text.split(/(?<=[./-])/);
  return (
    <span class="mono" dir="ltr" data-fact={fact}>
      {parts.flatMap((part, i) => (i === 0 ? [part] : [<wbr key={`${i}:${part}`} />, part]))}
    </span>
  );
}
