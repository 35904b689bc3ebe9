import { type ReactNode, type RefObject, useRef } from "react";
import { save } from "../app/saved";
import { inShort } from "../question/HistoryControls";
import { useModel } from "../state/model";
import { usePlace } from "../state/place";

/** A chart with a button that saves it as a file of its own; `note` is under which question, the present one unless said. */
export function Charted({ name, note, children }: { name: string; note?: string; children: ReactNode }) {
  const element = useRef<HTMLDivElement>(null);
  return (
    <div className="charted">
      <div ref={element}>{children}</div>
      <SvgButton of={element} name={name} {...(note === undefined ? {} : { note })} />
    </div>
  );
}

/** Saves what stands in an element as SVG, with what it shows and under which question. */
export function SvgButton({ of, name, note }: { of: RefObject<Element | null>; name: string; note?: string }) {
  const model = useModel();
  const { question } = usePlace();
  const { revision, as_of } = model.about;
  return (
    <SaveButton
      of={of}
      name={name}
      note={note ?? inShort(model, question)}
      source={sourceOf({ model: model.name, revision, as_of })}
    />
  );
}

/** Where the numbers of a chart are from, in a line. */
export function sourceOf({ model, revision, as_of }: Record<"model" | "revision" | "as_of", string>): string {
  return `${model} ${revision}, as of ${as_of}; ranges hold 90 % of what the priors leave open`;
}

/** The same for a chart that stands alone and says itself what was asked. */
export function SaveButton({
  of,
  name,
  note,
  source,
}: {
  of: RefObject<Element | null>;
  name: string;
  note: string;
  source: string;
}) {
  const take = async (): Promise<void> => {
    const { pictureOf } = await import("./picture");
    if (!of.current) return;
    const caption = { title: name, note, source };
    save(`${fileName(name)}.svg`, new Blob([pictureOf(of.current, caption)], { type: "image/svg+xml" }));
  };
  return (
    <button type="button" className="open svg no-picture" onClick={() => void take()}>
      SVG<span className="visually-hidden"> of {name}</span>
    </button>
  );
}

function fileName(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-|-$/g, "") || "chart"
  );
}
