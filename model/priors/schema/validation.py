"""Plain data to definitions: what does not have the right shape, said in words at its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import Tag, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from model.errors import Problem, listed, nearest
from model.priors.schema.cited import DAY, FILE_NAME, NAME, READ, Definition
from model.priors.schema.definitions import CHECK_KINDS, CheckBase
from model.priors.schema.findings import FINDING_VERBS, SETTING_VERBS
from model.priors.schema.variables import TELLING_KEYS, VARIABLE_KINDS, VariableBase
from model.priors.yaml.scalars import NUMBER
from model.priors.yaml.source_map import Sheet, Steps

D = TypeVar("D", bound=Definition, covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Written(Generic[D]):
    """A definition under its name, and where in which file it is written."""

    name: str
    said: D
    sheet: Sheet
    steps: Steps

    def problem(
        self,
        *more: str | int,
        found: str,
        expected: str,
        at_key: bool = False,
        did_you_mean: str | None = None,
    ) -> Problem:
        """A problem at a node below this one."""
        steps = (*self.steps, *more)
        return self.sheet.problem(steps, found=found, expected=expected, at_key=at_key, did_you_mean=did_you_mean)

    def line(self, *more: str | int) -> int:
        return self.sheet.place((*self.steps, *more)).line


def fitted(sheet: Sheet, steps: Steps, shape: type[D], problems: list[Problem]) -> Written[D] | None:
    """The node as a definition, or None when it does not fit: then ``problems`` has grown by the reasons."""
    node = _node(sheet.data, steps)
    name = str(steps[-1]) if steps else sheet.file
    try:
        said = shape.model_validate(node)
    except ValidationError as error:
        problems.extend(_problems(error.errors(include_url=False), sheet, steps, shape))
        return None
    return Written(name, said, sheet, steps) if sheet.is_sound(steps) else None


def fitted_variable(sheet: Sheet, steps: Steps, problems: list[Problem]) -> Written[VariableBase] | None:
    """A variable by its kind; a kind that is missing or unknown is one problem, not many."""
    node = _node(sheet.data, steps)
    said = node.get("kind") if isinstance(node, dict) else "table"
    if (
        said in (None, "table")
        and isinstance(node, dict)
        and "rows" not in node
        and (telling := TELLING_KEYS.keys() & node.keys())
    ):
        key = sorted(telling)[0]
        found, expected = f"{key!r} in a table", f"'kind: {TELLING_KEYS[key]}'"
        problems.append(sheet.problem((*steps, key), found=found, expected=expected, at_key=True))
        return None
    return _fitted_kind(sheet, steps, VARIABLE_KINDS, problems, unsaid="table")


def fitted_check(sheet: Sheet, steps: Steps, problems: list[Problem]) -> Written[CheckBase] | None:
    """A check by its kind; a kind that is unknown is one problem, not many."""
    return _fitted_kind(sheet, steps, CHECK_KINDS, problems, unsaid="range")


def _fitted_kind(
    sheet: Sheet, steps: Steps, kinds: Mapping[str, type[D]], problems: list[Problem], *, unsaid: str
) -> Written[D] | None:
    node = _node(sheet.data, steps)
    said = node.get("kind") if isinstance(node, dict) else None
    if said is not None and not (isinstance(said, str) and said in kinds):
        problems.append(
            sheet.problem(
                (*steps, "kind"),
                found=shown(said),
                expected=f"one of {listed(list(kinds))}",
                did_you_mean=nearest(said, kinds) if isinstance(said, str) else None,
            )
        )
        return None
    return fitted(sheet, steps, kinds[said or unsaid], problems)


def is_name(text: str) -> bool:
    """Whether text may name a variable, scenario, cohort or source."""
    return re.fullmatch(NAME, text) is not None


def shown(value: Any) -> str:
    """A value as a person would say what stands there.

    >>> shown("yes"), shown(True), shown([1]), shown(0.27)
    ("'yes'", 'true', 'a list', '0.27')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        kind = "list" if isinstance(value, list) else "mapping"
        return f"a {kind}" if value else f"an empty {kind}"
    return "nothing" if value is None else repr(value)


def _node(data: Any, steps: Steps) -> Any:
    for step in steps:
        data = data[step]
    return data


def _problems(errors: list[ErrorDetails], sheet: Sheet, steps: Steps, shape: type[Definition]) -> Iterator[Problem]:
    misspelt = {hint for error in errors if (hint := _near_key(error, shape))}
    for error in errors:
        way, tag, at_key = _way(_node(sheet.data, steps), error["loc"])
        place = (*steps, *way)
        if _is_told(error, place, sheet) or (error["type"] == "missing" and error["loc"] in misspelt):
            continue
        found, expected = _said(error, tag, shape, raw=partial(sheet.raw, place))
        hint = _near_key(error, shape)
        near = str(hint[-1]) if hint else _near_word(error)
        key = at_key or error["type"] == "extra_forbidden"
        yield sheet.problem(place, found=found, expected=expected, at_key=key, did_you_mean=near)


def _is_told(error: ErrorDetails, place: Steps, sheet: Sheet) -> bool:
    """Whether the reading has already found fault with this node, or with one around it."""
    if error["type"] == "missing" and (*place, "<<") in sheet.broken:
        return True
    return any(place[:length] in sheet.broken for length in range(len(place) + 1))


def _way(node: Any, loc: tuple[int | str, ...]) -> tuple[Steps, str, bool]:
    """Steps that exist in the data, the last tag of a choice, and whether the key itself is meant."""
    steps: list[str | int] = []
    tag, at_key = "", False
    for step in loc:
        if _holds(node, step):
            steps, node, tag = [*steps, step], node[step], ""
        elif step == "[key]":
            at_key = True
        elif isinstance(step, str) and ":" in step:
            tag = step
    return tuple(steps), tag, at_key


def _holds(node: Any, step: int | str) -> bool:
    if isinstance(node, list):
        return isinstance(step, int) and step < len(node)
    return isinstance(node, dict) and step in node


def _near_key(error: ErrorDetails, shape: type[Definition]) -> tuple[int | str, ...] | None:
    """Where an unknown key should have been, by its nearest neighbour among the known ones."""
    if error["type"] != "extra_forbidden":
        return None
    loc = error["loc"]
    near = nearest(str(loc[-1]), _keys(_class_at(shape, loc[:-1])))
    return (*loc[:-1], near) if near else None


def _near_word(error: ErrorDetails) -> str | None:
    """The word that was meant, where one of a few words belongs."""
    value = error["input"]
    if (choice := _choice_of_verb(error)) and isinstance(value, dict) and value:
        return nearest(str(next(iter(value))), VERBS[choice])
    if error["type"] != "literal_error" or not isinstance(value, str):
        return None
    return meant_choice(value, re.findall(r"'([^']*)'", error["ctx"]["expected"]))


VERBS = {"finding": FINDING_VERBS, "setting": SETTING_VERBS}
"""The key of a mapping by which evidence, or what is done, is said."""


def _choice_of_verb(error: ErrorDetails) -> str | None:
    """Whether it is said of what is known or of what is done, where a mapping has none of the keys for it."""
    choice = str(error.get("ctx", {}).get("tag", "")).partition(":")
    return choice[0] if error["type"] == "union_tag_invalid" and choice[0] in VERBS and not choice[2] else None


SYNONYMS = {
    "raises": "raise increases increase up positive promotes boosts strengthens more",
    "lowers": "lower decreases decrease reduces reduce down negative inhibits weakens less",
    "verified": "checked confirmed true",
    "unverified": "unchecked unconfirmed not_verified non_verified open",
    "group": "groups collective aggregate organisation organization",
    "individual": "individuals person single member",
    "typical": "marginal average usual",
    "reference": "baseline base none",
    "ordinal": "ordered ranked",
    "nominal": "unordered categorical",
    "mean": "average avg weighted_mean",
    "min": "minimum smallest lowest",
    "max": "maximum largest highest",
    "lever": "action decision intervention policy",
    "outcome": "target result utility",
    "condition": "cause context input background",
    "publication": "paper article report book",
    "linear": "arithmetic mixture",
    "log": "logarithmic geometric",
}
"""Other words for choices, each with spaces between them."""

OPPOSITES = (
    {"raises", "lowers"},
    {"verified", "unverified"},
    {"group", "individual"},
    {"typical", "reference"},
    {"ordinal", "nominal"},
    {"min", "max"},
    {"linear", "log"},
    {"number", "nothing"},
)
"""Choices that say the contrary of each other: only a slip of the pen stands for one of them."""

CONTRARY = re.compile(r"(?:anti|dis|non|not|un|in|a)_?(.+)")
"""A word that begins so denies the rest of it: 'atypical' is no slip of the pen for 'typical'."""

SLIP = 0.75
"""How alike a word and a choice that has an opposite must be: 'decreases' and 'raises' are 0.67 to ``difflib``."""


def meant_choice(word: str, choices: Sequence[str]) -> str | None:
    """The choice that a word stands for: by what it means, else by how it is spelt.

    >>> meant_choice("decreases", ["raises", "lowers"]), meant_choice("rises", ["raises", "lowers"])
    ('lowers', 'raises')
    >>> meant_choice("erases it", ["raises", "lowers"]) is None
    True
    >>> meant_choice("atypical", ["typical", "reference"]) is None
    True
    """
    plain = re.sub(r"[\s-]+", "_", word.strip().lower())
    near = next((choice for choice in choices if plain in SYNONYMS.get(choice, "").split()), None)
    denied = CONTRARY.fullmatch(plain)
    if near is None and denied and nearest(denied[1], choices) and plain not in choices:
        near = next((choice for choice in choices if (own := CONTRARY.fullmatch(choice)) and own[1] == denied[1]), None)
        return near
    near = near or nearest(plain, choices)
    opposed = near is not None and any(near in pair and len(pair & set(choices)) > 1 for pair in OPPOSITES)
    slipped = near is not None and (
        not opposed or SequenceMatcher(None, plain, near).ratio() >= SLIP or plain in SYNONYMS.get(near, "").split()
    )
    return near if slipped else None


CHOICES = {
    "cell": "a number from 0 to 1, 'rest' or 'never'",
    "amount": "a word of model.yaml or a number above 0",
    "bound": "a number, or 'unbounded' as the last",
    "date": "a date: YYYY, YYYY-MM or YYYY-MM-DD",
    "states": "a state or a list of states",
    "finding": f"a state, or a mapping with one of {listed(FINDING_VERBS)}",
    "setting": "a state, or a mapping with one of 'p', 'over', 'under', 'between'",
    "headline": "a variable, or a mapping with label, target and given",
    "names": "a list of states, or a mapping from states to labels",
    "meaning": "text, or a mapping from each state to how it would be judged",
    "scale": "'ordinal', 'nominal', or a mapping with unit, bounds and series",
    "influence": "a mapping with effect and strength (or with if, and for a nominal scale towards)",
}
"""What belongs where several things may stand, by the part of a tag before its colon."""

PATTERNS = {
    NAME: "a name: letters, digits and underscores, a letter first, 64 at most",
    FILE_NAME: "the name of a .yaml file in this folder",
    DAY: "a date: YYYY-MM-DD",
    READ: "'whole', 'part', or 'quoted by' and then who quotes it",
}

BY_KEY: dict[int | str, str] = {
    **dict.fromkeys(("as_of", "asked", "resolves_by"), PATTERNS[DAY]),
    "of": "a list of two experts at least",
    "read": PATTERNS[READ],
}

KINDS = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "string_too_short": "text that is not empty",
}


def _said(error: ErrorDetails, tag: str, shape: type[Definition], *, raw: Callable[[], str]) -> tuple[str, str]:
    """What was found and what was expected, for one of pydantic's complaints; ``raw`` says how it is written."""
    kind, value, ctx = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return f"no {error['loc'][-1]!r}", _description(_class_at(shape, error["loc"][:-1]), str(error["loc"][-1]))
    if kind == "extra_forbidden":
        return f"the unknown key {error['loc'][-1]!r}", f"one of {_some(_keys(_class_at(shape, error['loc'][:-1])))}"
    expected = _wanted(error, str(ctx.get("tag", tag)))
    wants_number = kind in ("float_type", "int_type") or tag in ("cell:word", "amount:word", "bound:word")
    if isinstance(value, str) and wants_number:
        return shown(value), meant_number(value) or expected
    if value is None and kind == "string_type":
        written = raw() or "null"
        return f"{written}, which is no value", f'{expected}; "{written}" in quotes when it is a name'
    if kind == "string_type" and expected not in PATTERNS.values() and isinstance(value, bool | int | float):
        written = raw() or shown(value)
        return written, f'{expected}; "{written}" in quotes when it is a name'
    if _choice_of_verb(error) and isinstance(value, dict) and value:
        return f"the unknown key {next(iter(value))!r}", expected
    if expected in ("a mapping", "a list"):
        return shown(value), f"{expected}{_inner(error, shape)}"
    if kind == "string_pattern_mismatch" and isinstance(value, str) and not value.isascii():
        return f"{shown(value)}, with {code_points(value)}", expected
    if kind == "too_long" and isinstance(value, list):
        return f"{len(value)} items", f"{expected} (a decimal comma would split a number: write 0.5)"
    if kind in ("less_than", "less_than_equal") and isinstance(value, int | float) and 2 <= value <= 100:
        return shown(value), f"{expected} ({value} % is written {value / 100:.10g})"
    return shown(value), expected


def _wanted(error: ErrorDetails, tag: str) -> str:
    """What belongs at a node: by the choice that is open there, by its key, or by the complaint."""
    key = error["loc"][-1] if error["loc"] else ""
    return CHOICES.get(tag.partition(":")[0]) or BY_KEY.get(key) or _expected(error["type"], error.get("ctx", {}))


def _inner(error: ErrorDetails, shape: type[Definition]) -> str:
    """What belongs in a mapping or a list: the keys that it must have, else what the definition says of it."""
    *way, last = error["loc"] or ("",)
    if error["type"] == "model_type":
        return _with_keys(_class_at(shape, error["loc"]))
    item = _item_at(shape, error["loc"])
    if error["type"] == "list_type" and item is not None:
        return f", each a mapping{_with_keys(item)}"
    said = _description(_class_at(shape, tuple(way)), str(last)).removeprefix("one")
    return said


def _with_keys(shape: type[Definition] | None) -> str:
    """The keys that a mapping must have, those of which it has one, and else all that it may have."""
    if shape is None:
        return ""
    needed = [field.alias or name for name, field in shape.model_fields.items() if field.is_required()]
    extra: Any = shape.model_config.get("json_schema_extra")
    either = [each["required"][0] for each in extra["oneOf"]] if extra else []
    words = [_some(needed)] * bool(needed) + [" or ".join(map(repr, either))] * bool(either)
    return f" with {' and '.join(words) or _some(_keys(shape))}"


def _item_at(shape: type[Definition], loc: tuple[int | str, ...]) -> type[Definition] | None:
    """The definition of the mappings in the list at the end of pydantic's way to it, where it holds such."""
    return _class_at(shape, (*loc, 0))


def code_points(text: str) -> str:
    """The characters of a text that are not of plain English, each by its number and its name.

    >>> code_points("sm\u043eke")
    'U+043E (Cyrillic small letter o)'
    """
    odd = dict.fromkeys(character for character in text if not character.isascii())
    return ", ".join(f"U+{ord(c):04X} ({unicodedata.name(c, 'no name').capitalize()})" for c in odd)


def meant_number(text: str) -> str | None:
    """How a number that is written in another way is written here.

    >>> meant_number("0,27"), meant_number("30%"), meant_number("1_000"), meant_number("0.5")
    ('a decimal point: 0.27', '0.3', '1000', '0.5 without quotes')
    >>> meant_number("1/5"), meant_number("1 / 3"), meant_number("1/0") is None
    ('0.2', '0.3333333333', True)
    >>> meant_number("4,500"), meant_number("1,234,567.5")
    ('a decimal point: 4.500, or no comma between thousands: 4500', 'no comma between thousands: 1234567.5')
    """
    plain = text.strip()
    if re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", plain):
        whole = f"no comma between thousands: {plain.replace(',', '')}"
        ambiguous = plain.count(",") == 1 and "." not in plain
        return f"a decimal point: {plain.replace(',', '.')}, or {whole}" if ambiguous else whole
    if re.fullmatch(r"-?\d+,\d+", plain):
        return f"a decimal point: {plain.replace(',', '.')}"
    if re.fullmatch(r"\d+(\.\d+)?\s*%", plain):
        return f"{float(plain.rstrip('% ')) / 100:.10g}"
    if fraction := re.fullmatch(r"(\d+(?:\.\d+)?)\s*/\s*0*([1-9]\d*)", plain):
        return f"{float(fraction[1]) / float(fraction[2]):.10g}"
    if re.fullmatch(r"\d+(_\d+)+", plain):
        return plain.replace("_", "")
    if NUMBER.fullmatch(plain):
        return f"{plain} without quotes"
    if plain.lower() in ("yes", "no", "on", "off", "true", "false"):
        return f"a number ({plain!r} is a word here, never 1 or 0)"
    return None


def _expected(kind: str, ctx: Mapping[str, Any]) -> str:
    match kind:
        case "literal_error":
            return f"one of {ctx['expected'].replace(' or ', ', ')}"
        case "string_pattern_mismatch":
            return PATTERNS[ctx["pattern"]]
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            words = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
            return next(f"a number {words[key]} {bound:.10g}" for key, bound in ctx.items() if key in words)
        case "too_short" | "too_long":
            count = ctx.get("min_length", ctx.get("max_length"))
            return "at least one" if count == 1 else f"{count} items"
        case "string_too_long":
            return f"at most {ctx['max_length']} characters"
        case _:
            return KINDS.get(kind, "another kind of value")


def _some(keys: list[str]) -> str:
    return listed(keys, most=30)


def _keys(shape: type[Definition] | None) -> list[str]:
    return [field.alias or name for name, field in shape.model_fields.items()] if shape else []


def _description(shape: type[Definition] | None, key: str) -> str:
    """What a key is for, as the definition describes it."""
    fields = shape.model_fields.items() if shape else ()
    said = next((_told(field) for name, field in fields if key in (name, field.alias)), None)
    return f"one: {said.rstrip('.')}" if said else "one"


def _told(field: FieldInfo) -> str | None:
    """The description of a field, or of the one thing that may stand there where it may also be left out."""
    inner = (part for kind in get_args(field.annotation) for part in get_args(kind)[1:])
    return field.description or next((part.description for part in inner if isinstance(part, FieldInfo)), None)


def _class_at(shape: Any, loc: tuple[int | str, ...]) -> type[Definition] | None:
    """The definition that describes the mapping at the end of pydantic's way to it."""
    for step in loc:
        shape = _inside(shape, step)
    shape = _bare(shape)
    return shape if isinstance(shape, type) and issubclass(shape, Definition) else None


def _inside(shape: Any, step: int | str) -> Any:
    shape = _bare(shape)
    if isinstance(shape, type) and issubclass(shape, Definition):
        return next(f.annotation for name, f in shape.model_fields.items() if step in (f.alias, name))
    parts = get_args(shape)
    if get_origin(shape) in (Union, UnionType):
        return next(part for part in parts if Tag(str(step)) in get_args(part)[1:])
    return parts[-1] if parts else shape


def _bare(shape: Any) -> Any:
    """A type without its annotations, and without the None of what may be left out."""
    while get_origin(shape) is Annotated:
        shape = get_args(shape)[0]
    parts = get_args(shape)
    if get_origin(shape) in (Union, UnionType) and NoneType in parts:
        return _bare(next(part for part in parts if part is not NoneType))
    return shape
