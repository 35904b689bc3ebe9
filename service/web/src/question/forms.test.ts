import { describe, expect, it } from "vitest";
import { apiPath, briefPath, commandLine, curl, fits, frame, python, shell } from "./forms";
import type { Question } from "./question";

const QUESTION: Question = {
  given: new Map([["is_finances", { verb: "not", states: ["sustained"] }]]),
  do: new Map([["response", { verb: "is", state: "care" }]]),
  scenario: null,
  cohort: "belgium",
};
const ASKED = { model: "mosul-2017", targets: ["pathway"], question: QUESTION };

describe("a question elsewhere", () => {
  it("is an address of the API", () => {
    expect(apiPath(ASKED)).toBe(
      "v1/models/mosul-2017/forecast/pathway.json?given=is_finances:not(sustained)&do=response:care&cohort=belgium",
    );
    expect(apiPath({ ...ASKED, targets: ["a", "b"] })).toContain("/query.json?target=a&target=b&given=");
  });

  it("has a brief of each event", () => {
    expect(briefPath("m", { ...QUESTION, cohort: null }, { target: "a", state: "b" })).toBe(
      "v1/models/m/brief.txt?target=a&state=b&given=is_finances:not(sustained)&do=response:care",
    );
  });

  it("is a command of a shell", () => {
    expect(curl(ASKED, "http://localhost/")).toMatch(/^curl -g 'http:\/\/localhost\/v1.*'$/);
    expect(commandLine(ASKED)).toBe(
      "aftermath ask mosul-2017 pathway --given 'is_finances:not(sustained)' --do response:care --cohort belgium",
    );
  });

  it("that is long is a command with a body", () => {
    const given = new Map(
      Array.from({ length: 300 }, (_, i) => [`finding_${i}`.padEnd(30, "_"), { verb: "is" as const, state: "it's" }]),
    );
    const long = { ...ASKED, question: { ...QUESTION, given } };
    expect(fits(long, "http://localhost/")).toBe(false);
    expect(curl(long, "http://localhost/")).toMatch(
      /^curl http:\/\/localhost\/v1\/models\/mosul-2017\/query -H .* -d '\{"targets":\["pathway"\]/,
    );
    expect(frame(long, "http://localhost/")).toContain(
      'src="http://localhost/embed#?model=mosul-2017&amp;target=pathway&amp;given=',
    );
  });

  it("is Python, with what it imports", () => {
    const said = python(ASKED);
    expect(said).toContain("from model.evidence import RuledOut, SetTo");
    expect(said).toMatch(/^from pathlib import Path\n[^]*load\(Path\("priors\/mosul-2017"\)\)/);
    expect(said).toContain(
      'Question(("pathway",), {"is_finances": RuledOut(("sustained",))}, settings={"response": SetTo("care")}, cohort="belgium", interval=0.9)',
    );
  });

  it("is a frame for another page", () => {
    expect(frame(ASKED, "http://localhost/")).toContain(
      'src="http://localhost/embed?model=mosul-2017&amp;target=pathway&amp;given=is_finances:not(sustained)&amp;do=',
    );
  });

  it("cannot break out of a shell's quotes", () => {
    expect(shell("it's; rm -rf x")).toBe(`'it'\\''s; rm -rf x'`);
    expect(shell("$(x)")).toBe("'$(x)'");
    expect(shell("a:b")).toBe("a:b");
  });
});
