import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { Schemas } from "../api/client";
import { ModelNotice } from "./ModelNotice";

const WRONG: Schemas["ModelState"] = {
  name: "asia",
  ready: true,
  revision: "r-1",
  title: "Asia",
  description: "",
  as_of: "2017-03-06",
  horizon: "",
  variables: 8,
  headline: [],
  reasons: ["sums to 1.05"],
  problems: [],
  held: false,
  link: "/v1/models/asia",
};

const told = (more: Partial<Schemas["ModelState"]>) => {
  const markup = renderToStaticMarkup(createElement(ModelNotice, { model: { ...WRONG, ...more } }));
  return { summary: markup.replace(/<ul>.*/, "").replace(/<[^>]*>/g, ""), markup };
};

describe("the notice of a model whose files are not served as they are", () => {
  it("says that wrong files cannot be loaded, and what is served", () => {
    const { summary, markup } = told({});
    expect(summary).toBe("The files of asia cannot be loaded as they are; the revision before is served");
    expect(markup).toContain("<li>sums to 1.05</li>");
  });

  it("says of files that are held back that they wait, and not that they cannot be loaded", () => {
    const { summary, markup } = told({ held: true, reasons: ["lung: yes moves by 14 points"] });
    expect(summary).toBe(
      "An edit of asia moves a headline so far that it waits for a reason; the revision before is served",
    );
    expect(markup).toContain("<li>lung: yes moves by 14 points</li>");
    expect(markup).not.toContain("cannot be loaded");
  });

  it("says that a model without any revision cannot be loaded", () => {
    expect(told({ ready: false, revision: null }).summary).toBe("The model asia cannot be loaded");
  });
});
