/** A long technical name that may break only after its dots, slashes and hyphens, or, as hexadecimal, in eights. */
export function NameText({ text, fact }: { readonly text: string; readonly fact?: string }) {
  const parts = /^[0-9a-f]{32,}$/.test(text) ? (text.match(/.{1,8}/g) ?? []) : text.split(/(?<=[./-])/);
  return (
    <span class="mono" dir="ltr" data-fact={fact}>
      {parts.flatMap((part, i) => (i === 0 ? [part] : [<wbr key={`${i}:${part}`} />, part]))}
    </span>
  );
}
