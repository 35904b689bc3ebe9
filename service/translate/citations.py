"""Permalinks that a text cites: found in it, read, and the answers that stand behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from model.errors import Place
from model.forecast import Forecaster
from model.resources.cost import Cost
from model.specification import Model
from service.http.address import MODELS, PREFIX
from service.http.problems import BadPermalink
from service.revisions import HASH
from service.translate.kinds import Kind, posed_again

ANSWERS = "/v1/answers/"
IN_TEXT = re.compile(r"(?:https?://[\w.:\[\]-]+)?(?:/[\w.-]+)*/v1/(?:models|answers)/[^\s<>\"'`|\\]+")
ENDINGS = ".,;:!?*_"
"""What ends a sentence, or markup, and no address."""
SUFFIX = re.compile(r"\.(?:json|csv|md|txt)$")
BETWEEN = ("diff", "why")
"""Kinds of answers that two revisions decide."""
Moved = Callable[[str, str, str, str], tuple[Callable[[], Cost], Callable[[], bytes]]]
"""What it costs to say what moved between two revisions, and the JSON of it: by kind, model, what the path names after
the kind, and query string."""
RIGHT = (
    "/v1/models/asia/forecast/lung.json?given=xray:yes&revision=r-0123456789abcdef or /v1/answers/0123456789abcdef.json"
)


@dataclass(frozen=True, slots=True)
class Citation:
    """An answer that is cited: what it costs to work it out, its JSON body, and the model that it is of, if served."""

    permalink: str
    cost: Callable[[], Cost]
    body: Callable[[], Mapping[str, Any]]
    model: Model | None


@dataclass(frozen=True, slots=True)
class Library:
    """Where cited answers are: kinds of question, models by name and revision, and kept answers by their ids.

    ``kept`` gives the name of the model and the JSON of an answer, ``moved`` that of two revisions. ``host`` is the one
    that whole addresses must name, None where any will do. ``served`` are models as they are now, for what their
    variables are called.
    """

    kinds: Mapping[str, Kind]
    forecaster: Callable[[str, str, Place], Forecaster]
    kept: Callable[[str], tuple[str, bytes]]
    host: str | None = None
    served: Mapping[str, Model] = field(default_factory=dict)
    moved: Moved | None = None

    def citation(self, permalink: str, where: Place) -> Citation:
        """The answer behind a permalink. Raises BadPermalink, and what a question raises that has no answer."""
        path, query = self._parts(permalink, where)
        if path.startswith(ANSWERS):
            return self._kept(permalink, path.removeprefix(ANSWERS), where)
        model, *steps = map(unquote, path.removeprefix(f"{MODELS}/").split("/"))
        if len(steps) == 2 and steps[0] in BETWEEN:
            return self._between(permalink, model, steps, query, where)
        revision = dict(parse_qsl(query)).get("revision", "")
        if not HASH.fullmatch(revision):
            raise BadPermalink(
                f"{permalink[:200]!r} is not pinned: its answer may change. A permalink is such as {RIGHT}", where=where
            )
        kind = self.kinds.get(steps[0]) if steps else None
        if kind is None or len(steps) != len(kind.steps) + 1:
            raise BadPermalink(
                f"{permalink[:200]!r} is the address of no answer to a question; one is of {', '.join(self.kinds)}",
                where=where,
                allowed=tuple(self.kinds),
            )
        forecaster = self.forecaster(model, revision, where)
        reply = posed_again(kind, forecaster, dict(zip(kind.steps, steps[1:], strict=True)), query)
        form = next(form for form in kind.addressed.forms if form.suffix == "json")
        return Citation(
            permalink, reply.cost, lambda: _decoded(form.write(reply.content())), forecaster.about(()).model
        )

    def _kept(self, permalink: str, identity: str, where: Place) -> Citation:
        if "/" in identity:
            raise BadPermalink(
                f"{permalink[:200]!r} gives another answer every day; cite the answer itself", where=where
            )
        model, data = self.kept(identity)
        return Citation(permalink, Cost, lambda: _decoded(data), self.served.get(model))

    def _between(self, permalink: str, model: str, steps: Sequence[str], query: str, where: Place) -> Citation:
        if not _names_two(steps, query):
            raise BadPermalink(f"{permalink[:200]!r} does not name both revisions by their hashes", where=where)
        if self.moved is None:
            raise BadPermalink(
                f"{permalink[:200]!r} is answered by a service alone; send the text to its POST /v1/prose", where=where
            )
        cost, body = self.moved(steps[0], model, steps[1], query)
        return Citation(permalink, cost, lambda: _decoded(body()), self.served.get(model))

    def _parts(self, permalink: str, where: Place) -> tuple[str, str]:
        """The path without prefix and form, and the query string."""
        try:
            parts = urlsplit(permalink)
        except ValueError:
            raise BadPermalink(f"{permalink[:200]!r} cannot be read as an address", where=where) from None
        if parts.netloc and self.host is not None and parts.netloc.lower() != self.host.lower():
            raise BadPermalink(
                f"{permalink[:200]!r} is of another service; those of this one are of {self.host}", where=where
            )
        path = SUFFIX.sub("", parts.path.removeprefix(PREFIX.get()))
        if not path.startswith((f"{MODELS}/", ANSWERS)):
            raise BadPermalink(
                f"{permalink[:200]!r} is no permalink of this service; one is such as {RIGHT}", where=where
            )
        return path, parts.query


def _decoded(data: bytes) -> Mapping[str, Any]:
    return msgspec.json.decode(data, type=dict[str, Any])


def in_text(text: str) -> list[str]:
    """The permalinks that a text holds, each once: pinned addresses of questions, and answers that are kept.

    >>> in_text("It is 23 % (/v1/models/asia/forecast/lung?given=xray:in(yes)&revision=r-0123456789abcdef).")
    ['/v1/models/asia/forecast/lung?given=xray:in(yes)&revision=r-0123456789abcdef']
    """
    return list(dict.fromkeys(address for address in _addresses(text) if _is_pinned(address)))


def _addresses(text: str) -> Iterator[str]:
    for found in IN_TEXT.finditer(text):
        address = found[0]
        while address.endswith(tuple(ENDINGS)) or _is_unbalanced(address):
            address = address[:-1]
        yield address


def _is_unbalanced(address: str) -> bool:
    return any(address.endswith(end) and address.count(end) > address.count(begin) for begin, end in ("()", "[]"))


def _is_pinned(address: str) -> bool:
    parts = urlsplit(address)
    if ANSWERS in parts.path:
        return not parts.path.endswith("/latest")
    steps = SUFFIX.sub("", parts.path).split("/")[-2:]
    if steps[0] in BETWEEN:
        return _names_two([unquote(step) for step in steps], parts.query)
    return any(name == "revision" and HASH.fullmatch(value) for name, value in parse_qsl(parts.query))


def _names_two(steps: Sequence[str], query: str) -> bool:
    """Whether a diff, or why a target moved, is between two revisions named by their hashes.

    >>> _names_two(("diff", "r-0123456789abcdef...r-fedcba9876543210"), ""), _names_two(("why", "lung"), "from=active")
    (True, False)
    """
    kind, named = steps
    asked = dict(parse_qsl(query))
    ends = named.split("...") if kind == "diff" else [asked.get("from", ""), asked.get("to", "")]
    return len(ends) == 2 and all(HASH.fullmatch(each) for each in ends)


def cited(library: Library, text: str, named: Sequence[str], *, most: int) -> list[Citation]:
    """The answers of the permalinks named, then of those in the text; no more than so many.

    Raises BadPermalink where there are none, or too many, and what ``Library.citation`` raises.
    """
    found: dict[str, Place] = {permalink: ("permalinks", i) for i, permalink in enumerate(named)}
    for permalink in in_text(text):
        found.setdefault(permalink, ("text",))
    if not found:
        raise BadPermalink(
            f"the text cites no answer, and none is named; a permalink is such as {RIGHT}", where=("permalinks",)
        )
    if len(found) > most:
        raise BadPermalink(f"{len(found)} answers are cited; the most is {most}", where=("permalinks",))
    return [library.citation(permalink, where) for permalink, where in found.items()]
