import type { MouseEvent } from "react";
import { credentials, token } from "../api/token";
import { save } from "./saved";

interface Links {
  readonly json: string | null;
  readonly csv: string | null;
}

/** An answer's own addresses; with a token they are fetched with it and saved, since a link sends none. */
export function AnswerLinks({ links }: { links: Links }) {
  return (
    <>
      {links.json !== null && <AnswerLink href={links.json}>JSON</AnswerLink>}{" "}
      {links.csv !== null && <AnswerLink href={links.csv}>CSV</AnswerLink>}
    </>
  );
}

function AnswerLink({ href, children }: { href: string; children: string }) {
  const follow = (event: MouseEvent): void => {
    if (token.get() === null) return;
    event.preventDefault();
    void fetched(href);
  };
  return (
    <a href={href} onClick={follow}>
      {children}
    </a>
  );
}

async function fetched(href: string): Promise<void> {
  const answer = await fetch(href, { headers: credentials() });
  save(href.split("?")[0]?.split("/").at(-1) ?? "answer", await answer.blob());
}
