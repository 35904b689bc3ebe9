import { questionOf } from "../question/address";
import { isEmpty } from "../question/question";
import { ask } from "../state/place";
import { useModel } from "../state/model";

/** Questions worth asking, as buttons: each lays its conditions in and opens what it is about. */
export function Examples() {
  const { about } = useModel();
  if (about.examples.length === 0) return null;
  const pose = (link: string, target: string): void => {
    const asked = questionOf(new URLSearchParams(link.slice(link.indexOf("?") + 1)));
    const question = { ...asked, scenario: asked.scenario === about.default_scenario ? null : asked.scenario };
    ask(question, { focus: isEmpty(question) ? null : target });
    document.getElementById("content")?.scrollIntoView();
  };
  return (
    <section aria-labelledby="examples">
      <h2 id="examples">Ask one of these</h2>
      <ul className="examples">
        {about.examples.map((each) => (
          <li key={each.link}>
            <button onClick={() => pose(each.link, each.target)}>{each.label}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}
