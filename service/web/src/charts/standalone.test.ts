import { describe, expect, it } from "vitest";
import { escaped, standaloneBars } from "./standalone";

const BARS = [
  { state: "a", label: "A <b>bold</b> state", p: 0.25, low: 0.1, high: 0.4, tick: 0.2 },
  { state: "b", label: "B", p: 0.75, low: null, high: null, tick: null },
];

describe("a chart as a file", () => {
  const text = standaloneBars('Title & "more"', BARS, "under a picture", "mosul r-1");

  it("has every bar as long as its chance, its interval and its number", () => {
    expect(text.match(/fill="#5b7f9e"/g)).toHaveLength(2);
    expect(text).toContain('width="62.5" height="14" fill="#5b7f9e"');
    expect(text.replaceAll("\u00a0", " ")).toContain("25 % (10 to 40 %)");
    expect(text.match(/stroke="#b34a00"/g)).toHaveLength(1);
  });

  it("holds names as text", () => {
    expect(text).toContain("A &lt;b&gt;bold&lt;/b&gt; state");
    expect(text).toContain("<title>Title &amp; &quot;more&quot;</title>");
    expect(escaped('<>&"')).toBe("&lt;&gt;&amp;&quot;");
  });
});
