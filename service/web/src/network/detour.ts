/** The way of an arc past cards that stand between its ends. */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Detour {
  readonly left: number;
  readonly right: number;
  readonly y: number;
}

const AIR = 12;

/** Where an arc runs level, over or under the cards that a straight one would run behind; null where none is in its way. */
export function detour(from: Box, to: Box, others: readonly Box[]): Detour | null {
  const [startX, startY] = [from.x + from.width, from.y + from.height / 2];
  const [endX, endY] = [to.x, to.y + to.height / 2];
  if (endX <= startX) return null;
  const between = others.filter((box) => box.x >= startX && box.x + box.width <= endX);
  const at = (x: number): number => startY + ((endY - startY) * (x - startX)) / (endX - startX);
  const inTheWay = between.filter((box) => {
    const [first, last] = [at(box.x), at(box.x + box.width)];
    return Math.max(first, last) > box.y - AIR / 2 && Math.min(first, last) < box.y + box.height + AIR / 2;
  });
  if (inTheWay.length === 0) return null;
  const middle = (startY + endY) / 2;
  const [over, under] = [free(middle, -1, between), free(middle, 1, between)];
  return {
    left: Math.min(...inTheWay.map((box) => box.x)) - AIR,
    right: Math.max(...inTheWay.map((box) => box.x + box.width)) + AIR,
    y: Math.abs(over - middle) <= Math.abs(under - middle) ? over : under,
  };
}

/** The height next to `y`, upwards or downwards, at which no card stands. */
function free(y: number, direction: 1 | -1, boxes: readonly Box[]): number {
  let at = y;
  for (let round = 0; round <= boxes.length; round += 1) {
    const hit = boxes.find((box) => at > box.y - AIR && at < box.y + box.height + AIR);
    if (!hit) return at;
    at = direction < 0 ? hit.y - AIR : hit.y + hit.height + AIR;
  }
  return at;
}

/** An arc by that way, from point to point. */
export function pathBy({ left, right, y }: Detour, startX: number, startY: number, endX: number, endY: number): string {
  const [first, last] = [Math.max(14, (left - startX) / 2), Math.max(14, (endX - right) / 2)];
  return `M${startX},${startY} C${startX + first},${startY} ${left - first},${y} ${left},${y} L${right},${y} C${right + last},${y} ${endX - last},${endY} ${endX},${endY}`;
}
