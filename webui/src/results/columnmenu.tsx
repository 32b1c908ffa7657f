/** Which columns rows have. */
import { t } from "../messages/t";
import { COLUMNS, columnsShown, toggleColumn } from "./columns";

export function ColumnMenu() {
  const shown = new Set(columnsShown().map(({ name }) => name));
  return (
    <fieldset class="column-menu">
      <legend class="unseen">{t("Columns")}</legend>
      {COLUMNS.map(({ name, title, means }) => (
        <label key={name} class="check" title={t(means)}>
          <input type="checkbox" checked={shown.has(name)} onChange={() => toggleColumn(name)} />
          {t(title)}
        </label>
      ))}
    </fieldset>
  );
}
