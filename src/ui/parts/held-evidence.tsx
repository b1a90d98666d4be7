import type { HeldRecord } from '../../../contract/approval.ts';
import { deskWords as say } from '../words/desk.ts';

type Evidence = NonNullable<HeldRecord['evidence']>;

/** Label, device and list beside each other, so that a person sees where they differ; and how many checks passed. */
export function HeldEvidence({ evidence }: { readonly evidence: Evidence }) {
  const { label, device, list, checks } = evidence;
  const passed = checks.filter(({ result }) => result === 'passed').length;
  const open = checks.filter(({ result }) => result === 'not_checkable').length;
  const names = (of: readonly string[]) => (of.length === 0 ? say.none : of.join(', '));
  const key = list?.key === undefined ? say.none : list.key === device.key ? say.sameKey : say.otherKey;
  const rows: readonly (readonly [string, string, string, string])[] = [
    [
      say.rows.names,
      names(label.names),
      names(device.names),
      list === undefined ? say.notListed : names(list.names),
    ],
    [say.rows.model, label.model ?? say.none, device.model ?? say.none, list?.model ?? say.none],
    ...(device.firmware === undefined ? [] : [[say.rows.firmware, '', device.firmware, ''] as const]),
    [say.rows.key, '', `${device.key.slice(0, 12)}…`, list === undefined ? '' : key],
  ];
  return (
    <details class="evidence" open>
      <summary>{say.evidence}</summary>
      <div class="table-holder">
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">{say.said.label}</th>
              <th scope="col">{say.said.device}</th>
              <th scope="col">{say.said.list}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, ...cells]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cells.map((cell, i) => (
                  // the columns stand for label, device and list, in this order
                  <td key={`${name} ${i}`} dir="auto">
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet small">
        {say.passed(passed)}
        {open > 0 && `, ${say.open(open)}`}
        {list?.order !== undefined && ` · ${say.rows.order} ${list.order}`}
      </p>
    </details>
  );
}
