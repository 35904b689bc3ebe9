import { describe, expect, it, vi } from "vitest";
import { KeyedStore, createStore } from "./store";

describe("a store", () => {
  it("tells who listens, once for each change, and nobody where nothing changed", () => {
    const store = createStore(1);
    const heard = vi.fn();
    const stop = store.subscribe(heard);
    store.set(1);
    store.set(2);
    stop();
    store.set(3);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(store.get()).toBe(3);
  });

  it("by key tells only who listens to that key", () => {
    const store = new KeyedStore<number>();
    const [one, other] = [vi.fn(), vi.fn()];
    store.subscribe("a", one);
    store.subscribe("b", other);
    store.set("a", 1);
    store.set("a", 1);
    expect([one.mock.calls.length, other.mock.calls.length]).toEqual([1, 0]);
    store.clear();
    expect(store.get("a")).toBeUndefined();
    expect(one).toHaveBeenCalledTimes(2);
  });
});
