import { effect } from "@preact/signals";
import { render } from "preact";
import "./styles/index.css";
import { App } from "./app";
import { learnOpinions } from "./foryou/feedback";
import { facts, learnLibrary } from "./library/facts";
import { speak } from "./messages/language";
import { loadNeighbours } from "./results/ahead";
import { answered, answerQuestions } from "./results/answers";
import { closeByBack } from "./results/back";
import { listenToKeys } from "./results/keyboard";
import { keepOrder } from "./results/ordering";
import { followAnswers } from "./results/selection";
import { keepHistory } from "./question/history";
import { entitle } from "./title";
import { keepLoading } from "./ui/later";
import { followTabs } from "./ui/remembered";

/** Less urgent code and data are fetched after the first page is shown. */
const LATER_MS = 5000;

const place = document.getElementById("app");
if (place) {
  const start = () => begin(place);
  const spoken = speak(); // what is said from the start is said in that language
  if (spoken) void spoken.then(start);
  else start();
}

function begin(shown: HTMLElement): void {
  followTabs();
  answerQuestions();
  followAnswers();
  keepOrder();
  keepHistory();
  loadNeighbours();
  closeByBack();
  listenToKeys();
  entitle();
  effect(() => {
    if ((facts.value?.jobs ?? 0) > 0)
      keepLoading(
        () => import("./library/jobs"),
        ({ followJobs }) => followJobs(),
      );
  });
  void learnLibrary();
  let answers = 0;
  effect(() => {
    if (!answered.value || answers++ > 0) return;
    setTimeout(
      () =>
        keepLoading(
          () => import("./searches/following"),
          (module) => module.followSearches(),
        ),
      LATER_MS,
    );
  });
  learnOpinions();
  render(<App />, shown);
}
