"""What of a statement is published: the number itself, which way it goes, or nothing; and what may be said so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from model.errors import listed
from model.priors.schema.definitions import Source
from model.specification import JUDGEMENT, QUOTED, Published


def derived(sources: Sequence[str], known: Mapping[str, Source]) -> Published:
    """What is published where nobody says: nothing of a judgement or an argument, else the direction.

    >>> derived(["judgement"], {}), derived(["paper", "judgement"], {})
    ('nothing', 'direction')
    """
    argued = {name for name in sources if name in known and known[name].kind == "argument"}
    return "nothing" if set(sources) <= argued | {JUDGEMENT} else "direction"


def pooled(experts: Iterable[Published]) -> Published:
    """What is published of a number that experts share: the number, or nothing, only where all say so.

    >>> pooled(["number", "number"]), pooled(["number", "nothing"])
    ('number', 'direction')
    """
    said = set(experts)
    return said.pop() if len(said) == 1 else "direction"


def contradiction(said: Published, cited: Sequence[str], known: Mapping[str, Source]) -> tuple[str, str] | None:
    """What was found and what would be right, where that cannot be said of a statement that cites these sources.

    A source that is not known is a problem of its own, and then nothing is held against it.
    """
    published = [known[name] for name in cited if name in known]
    if len(published) + (JUDGEMENT in cited) < len(set(cited)):
        return None
    if said == "number":
        return _against_a_number(cited, known)
    if said == "direction" and not published:
        return "a published direction that cites no publication", "'nothing', or a publication among the sources"
    return None


def _against_a_number(cited: Sequence[str], known: Mapping[str, Source]) -> tuple[str, str] | None:
    measured = [name for name in cited if name in known and known[name].kind != "argument"]
    if JUDGEMENT in cited:
        return "a published number that cites judgement", "'direction', or publications alone as its sources"
    if not measured:
        behind = f"only the argument {listed(cited)}" if cited else "nothing"
        return f"a published number that cites {behind}", "'direction', or a publication that measured it"
    if all((known[name].read or "").startswith(QUOTED) for name in measured):
        found = f"a published number that nobody read: {listed(measured)} as quoted by others"
        return found, "'direction', or a publication read whole or in part"
    return None
