/** A chart of the page as an SVG file of its own: its marks and its text as they stand, in the light theme. */
import { escaped } from "./standalone";

const EDGE = 16;
const LINE = 15;
/** Pixels that a letter of 11 takes at most, on average. */
const LETTER = 6;
/** Letters smaller than this are drawn larger, with all else. */
const READABLE = 11;
const LEAST = 360;
/** What shows a part of something larger. */
const CLIPPED = ".network";
const INK = "#17202a";
const SOFT = "#4c5966";
/** What is no part of the picture: controls, what is read aloud only, closed tables. */
const LEFT_OUT = ".visually-hidden, details, .icon, .no-picture, .react-flow__panel, select, input, [hidden]";
const SHAPES = new Set(["path", "rect", "line", "circle", "ellipse", "polygon", "polyline"]);
const PAINT = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "opacity",
  "fill-opacity",
] as const;
const PLACES = ["d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r", "rx", "points"] as const;

export interface Caption {
  readonly title: string;
  /** Under which question. */
  readonly note: string;
  /** Where the numbers are from. */
  readonly source: string;
}

/** The file's text. Colours are read with the light theme, which is put back before anything is painted. */
export function pictureOf(element: Element, caption: Caption): string {
  const root = document.documentElement;
  const theme = root.dataset.theme;
  root.dataset.theme = "light";
  try {
    return drawn(element, caption);
  } finally {
    if (theme === undefined) delete root.dataset.theme;
    else root.dataset.theme = theme;
  }
}

function drawn(element: Element, { title, note, source }: Caption): string {
  const frame = element.getBoundingClientRect();
  const width = Math.max(LEAST, Math.ceil(frame.width) + 2 * EDGE);
  const letters = Math.floor((width - 2 * EDGE) / LETTER);
  const [titles, notes, sources] = [
    wrapped(title, Math.floor(letters * 0.7)),
    wrapped(note, letters),
    wrapped(source, letters),
  ];
  const head = 8 + 19 * titles.length + LINE * notes.length + 8;
  const height = head + Math.ceil(frame.height) + 10 + LINE * sources.length + 8;
  const marks = parts(element, { x: EDGE - frame.left, y: head - frame.top });
  const scale = Math.min(2, Math.max(1, READABLE / smallest(marks)));
  const block = (texts: readonly string[], top: number, size: number, step: number, fill: string): string[] =>
    texts.map(
      (text, i) =>
        `<text x="${EDGE}" y="${top + step * (i + 1) - 3}" font-size="${size}"${size > 12 ? ' font-weight="bold"' : ""} fill="${fill}">${escaped(text)}</text>`,
    );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.round(scale * width)}" height="${Math.round(scale * height)}" viewBox="0 0 ${width} ${height}" font-family="sans-serif">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...block(titles, 8, 15, 19, INK),
    ...block(notes, 8 + 19 * titles.length, 11, LINE, SOFT),
    ...(element.matches(CLIPPED) ? clipped(marks, width, head, frame.height) : marks),
    ...block(sources, height - 8 - LINE * sources.length, 11, LINE, SOFT),
    "</svg>\n",
  ].join("\n");
}

/** Marks of what is looked at through a window: those outside it are cut off. */
function clipped(marks: readonly string[], width: number, top: number, height: number): string[] {
  const window = `x="${EDGE}" y="${top}" width="${width - 2 * EDGE}" height="${Math.ceil(height)}"`;
  return [`<svg ${window} viewBox="${EDGE} ${top} ${width - 2 * EDGE} ${Math.ceil(height)}">`, ...marks, "</svg>"];
}

/** The smallest letters among marks, in pixels. */
function smallest(marks: readonly string[]): number {
  const sizes = marks.flatMap((mark) => [...(/font-size="([\d.]+)/g.exec(mark)?.slice(1) ?? [])]).map(Number);
  return Math.min(READABLE, ...sizes);
}

/** A text in lines of at most so many letters, broken between words. */
export function wrapped(text: string, most: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}

type Offset = { readonly x: number; readonly y: number };

function parts(element: Element, at: Offset): string[] {
  if (element.matches(LEFT_OUT)) return [];
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden") return [];
  if (element instanceof SVGElement) return shapes(element, style, at);
  const own = box(element, style, at);
  const inside = [...element.childNodes].flatMap((child) =>
    child instanceof Element ? parts(child, at) : child instanceof Text ? lines(child, style, at) : [],
  );
  return [...own, ...inside];
}

/** The ground and the edge of an element of the page, where it has them. */
function box(element: Element, style: CSSStyleDeclaration, at: Offset): string[] {
  const ground = isSeen(style.backgroundColor) ? style.backgroundColor : "none";
  const edge = parseFloat(style.borderTopWidth) > 0 && isSeen(style.borderTopColor) && style.borderLeftStyle !== "none";
  if (ground === "none" && !edge) return [];
  const { left, top, width, height } = element.getBoundingClientRect();
  const stroke = edge ? ` stroke="${style.borderTopColor}"` : "";
  return [
    `<rect x="${tenth(left + at.x)}" y="${tenth(top + at.y)}" width="${tenth(width)}" height="${tenth(height)}" rx="4" fill="${ground}"${stroke}/>`,
  ];
}

/** What is drawn as SVG on the page, moved to where it stands on it. */
function shapes(element: SVGElement, style: CSSStyleDeclaration, at: Offset): string[] {
  if (element instanceof SVGTextElement) return svgText(element, style);
  if (SHAPES.has(element.tagName)) {
    if (style.fill === "rgba(0, 0, 0, 0)" && style.stroke === "none") return [];
    const places = PLACES.map((name) => [name, element.getAttribute(name)] as const);
    const paint = PAINT.map((name) => [name, style.getPropertyValue(name)] as const);
    const said = [...places, ...paint].filter(([, value]) => value !== null && value !== "");
    return [`<${element.tagName} ${said.map(([name, value]) => `${name}="${escaped(value ?? "")}"`).join(" ")}/>`];
  }
  const inside = [...element.children].flatMap((child) => parts(child, at));
  if (element instanceof SVGSVGElement) {
    const matrix = element.getScreenCTM();
    if (!matrix) return [];
    const { a, d, e, f } = matrix;
    return [`<g transform="translate(${tenth(e + at.x)} ${tenth(f + at.y)}) scale(${a} ${d})">`, ...inside, "</g>"];
  }
  const moved = element.getAttribute("transform");
  if (element.tagName !== "g" || inside.length === 0) return [];
  return moved === null ? inside : [`<g transform="${escaped(moved)}">`, ...inside, "</g>"];
}

function svgText(element: SVGTextElement, style: CSSStyleDeclaration): string[] {
  const text = element.textContent ?? "";
  const x = element.getAttribute("x") ?? "0";
  const y = element.getAttribute("y") ?? "0";
  const halo = style.stroke === "none" ? "" : ' paint-order="stroke" stroke="#ffffff" stroke-width="3"';
  return [
    `<text x="${x}" y="${y}" dy="${escaped(element.getAttribute("dy") ?? "0")}" font-size="${style.fontSize}" font-weight="${style.fontWeight}" text-anchor="${style.textAnchor}" fill="${style.fill}"${halo}>${escaped(text)}</text>`,
  ];
}

/** A text of the page, a line at a time, each where it stands. */
function lines(node: Text, style: CSSStyleDeclaration, at: Offset): string[] {
  const text = node.data;
  const found: { text: string; left: number; bottom: number; height: number }[] = [];
  const range = document.createRange();
  const own = node.parentElement;
  const scale = own && own.offsetWidth > 0 ? own.getBoundingClientRect().width / own.offsetWidth : 1;
  for (let i = 0; i < text.length; i += 1) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const where = range.getClientRects()[0];
    if (!where || where.width === 0) continue;
    const last = found.at(-1);
    if (last && Math.abs(last.bottom - where.bottom) < 2) last.text += text[i];
    else if (text[i]?.trim() !== "")
      found.push({ text: text[i] ?? "", left: where.left, bottom: where.bottom, height: where.height });
  }
  return found
    .filter((line) => line.text.trim() !== "")
    .map(({ text: line, left, bottom, height }) => {
      const size = parseFloat(style.fontSize) * scale;
      const family = style.fontFamily.includes("mono") ? ' font-family="monospace"' : "";
      const through = style.textDecorationLine.includes("line-through") ? ' text-decoration="line-through"' : "";
      return `<text${family}${through} x="${tenth(left + at.x)}" y="${tenth(bottom + at.y - 0.24 * height)}" font-size="${tenth(size)}" font-weight="${style.fontWeight}" fill="${style.color}">${escaped(line.trimEnd())}</text>`;
    });
}

function isSeen(colour: string): boolean {
  return colour !== "transparent" && !colour.endsWith(", 0)");
}

function tenth(value: number): string {
  return String(Math.round(10 * value) / 10);
}
