/** The collection as a map. */
import { QuestionBox } from "../question/box";

export function MapView() {
  return (
    <div class="search-view">
      <QuestionBox />
      <main id="main" class="results" tabIndex={-1} />
    </div>
  );
}
