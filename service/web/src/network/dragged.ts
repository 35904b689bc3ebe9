/** Where a reader has dragged cards, kept in this browser by model and by what stands in the middle. */

type Places = Record<string, { x: number; y: number }>;

const key = (model: string, middle: string): string => `aftermath-places ${model} ${middle}`;

export function draggedPlaces(model: string, middle: string): Readonly<Places> {
  try {
    return JSON.parse(localStorage.getItem(key(model, middle)) ?? "{}") as Places;
  } catch {
    return {};
  }
}

export function keepPlace(model: string, middle: string, name: string, at: { x: number; y: number }): void {
  try {
    localStorage.setItem(
      key(model, middle),
      JSON.stringify({ ...draggedPlaces(model, middle), [name]: { x: Math.round(at.x), y: Math.round(at.y) } }),
    );
  } catch {
    // A browser that keeps nothing lets cards be dragged all the same.
  }
}

export function forgetPlaces(model: string, middle: string): void {
  try {
    localStorage.removeItem(key(model, middle));
  } catch {
    // Nothing was kept.
  }
}
