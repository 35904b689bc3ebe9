import type { AnchorHTMLAttributes, MouseEvent } from "react";
import type { Place } from "../question/address";
import { go, href, usePlace } from "../state/place";

/** A link to another place of the page: followed here, opened elsewhere when the reader asks for that. */
export function Link({ to, ...rest }: { to: Partial<Place> } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  usePlace();
  const follow = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return <a {...rest} href={href(to)} onClick={follow} />;
}
