import { describe, expect, it } from "vitest";
import { edited, excerptOf, firstChanged, unified } from "./patch";

const FILE = `variables:
  smoke:
    kind: table
    rows:
      - when: {a: x}
        p: {yes: 0.5, no: 0.5}
      - when: {a: y}
        p: {yes: 0.1, no: 0.9}
        reason: counted
    note: none
...
`;

describe("an excerpt", () => {
  it("is a row to where the next begins", () => {
    expect(excerptOf(FILE, 5)).toEqual({ first: 5, lines: ["      - when: {a: x}", "        p: {yes: 0.5, no: 0.5}"] });
  });

  it("is one line where the next key is a statement of its own", () => {
    expect(excerptOf("influences:\n  a: {effect: raises}\n  b: {effect: lowers}\n", 2).lines).toEqual([
      "  a: {effect: raises}",
    ]);
  });

  it("has what is said beside a distribution", () => {
    const text = "base:\n  p: {a: 1}\n  sources: [x]\n  reason: >-\n    long\nnote: none\n";
    expect(excerptOf(text, 2).lines).toHaveLength(4);
  });

  it("ends before an outer key", () => {
    expect(excerptOf(FILE, 7).lines.at(-1)).toBe("        reason: counted");
  });
});

describe("a patch", () => {
  const row = excerptOf(FILE, 5);
  const typed = row.lines.join("\n").replace("yes: 0.5, no: 0.5", "yes: 0.6, no: 0.4");

  it("has the lines of the file, three around what is changed", () => {
    expect(unified("m/f.yaml", FILE, edited(FILE, row, typed))).toBe(
      `--- a/m/f.yaml
+++ b/m/f.yaml
@@ -3,7 +3,7 @@
     kind: table
     rows:
       - when: {a: x}
-        p: {yes: 0.5, no: 0.5}
+        p: {yes: 0.6, no: 0.4}
       - when: {a: y}
         p: {yes: 0.1, no: 0.9}
         reason: counted
`,
    );
    expect(firstChanged(row, typed)).toBe(6);
  });

  it("is empty where nothing is changed", () => {
    expect(unified("f", FILE, edited(FILE, row, row.lines.join("\n")))).toBe("");
    expect(firstChanged(row, row.lines.join("\n"))).toBeNull();
  });

  it("counts lines that are added", () => {
    expect(unified("f", "a\nb\n", "a\nx\nb\n")).toContain("@@ -1,2 +1,3 @@\n a\n+x\n b\n");
  });

  it("says where a file has no end of line", () => {
    expect(unified("f", "a\nb", "a\nc")).toBe(
      "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n",
    );
  });

  it("keeps carriage returns", () => {
    const file = "a: 1\r\nb: 2\r\n";
    const excerpt = excerptOf(file, 2);
    expect(excerpt.lines).toEqual(["b: 2"]);
    expect(edited(file, excerpt, "b: 3")).toBe("a: 1\r\nb: 3\r\n");
  });
});
