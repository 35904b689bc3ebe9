import { describe, expect, it } from "vitest";
import { detour, pathBy } from "./detour";

const box = (x: number, y: number, height = 100) => ({ x, y, width: 200, height });

describe("the way of an arc", () => {
  it("is straight where nothing stands between", () => {
    expect(detour(box(0, 0), box(500, 0), [box(250, 400)])).toBeNull();
    expect(detour(box(0, 0), box(240, 0), [])).toBeNull();
  });

  it("goes over a card, or under it where that is nearer", () => {
    expect(detour(box(0, 0), box(500, 0), [box(250, -20)])).toEqual({ left: 238, right: 462, y: 92 });
    expect(detour(box(0, 0), box(500, 0), [box(250, 20)])).toEqual({ left: 238, right: 462, y: 8 });
  });

  it("goes past all cards of a column that stand close together", () => {
    const found = detour(box(0, 0), box(500, 0), [box(250, 0), box(250, 110), box(250, -200)]);
    expect([-12, 222]).toContain(found?.y);
    expect(found?.y).toBe(-12);
  });

  it("is drawn from end to end", () => {
    expect(pathBy({ left: 238, right: 462, y: 8 }, 200, 50, 500, 60)).toMatch(/^M200,50 C.* L462,8 C.* 500,60$/);
  });
});
