import { describe, expect, it } from "vitest";
import { wrapped } from "./picture";

describe("a caption", () => {
  it("is broken between words", () => {
    expect(wrapped("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrapped("incomprehensibilities of it", 7)).toEqual(["incomprehensibilities", "of it"]);
    expect(wrapped("", 7)).toEqual([""]);
  });
});
