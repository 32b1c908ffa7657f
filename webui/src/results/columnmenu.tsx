/** Which columns rows have. */
import { COLUMNS, columnsShown, toggleColumn } from "./columns";

export function ColumnMenu() {
  const shown = new Set(columnsShown().map(({ name }) => name));
  return (
    <fieldset class="column-menu">
      <legend class="unseen">Columns</legend>
      {COLUMNS.map(({ name, title, means }) => (
        <label key={name} class="check" title={means}>
          <input type="checkbox" checked={shown.has(name)} onChange={() => toggleColumn(name)} />
          {title}
        </label>
      ))}
    </fieldset>
  );
}
