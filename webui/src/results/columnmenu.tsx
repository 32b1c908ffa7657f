/** Which columns rows have. */
import { t } from "../messages/t";
import { COLUMNS, columnsShown, sortedBy, toggleColumn } from "./columns";

export function ColumnMenu() {
  const shown = new Set(columnsShown().map(({ name }) => name));
  return (
    <fieldset class="column-menu">
      <legend class="unseen">{t("Columns")}</legend>
      {COLUMNS.map(({ name, title, means, sort }) => (
        <label key={name} class="check" title={t(means)}>
          <input
            type="checkbox"
            checked={shown.has(name)}
            disabled={sort === sortedBy.value}
            onChange={() => toggleColumn(name)}
          />
          {t(title)}
        </label>
      ))}
    </fieldset>
  );
}
