"""Names, numbers and states as prior files write them, and what a number rests on and how sure it is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.yaml$"
DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"
DAY = r"^\d{4}-\d{2}-\d{2}$"
READ = r"^(whole|part|quoted by \S.*)$"

Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A variable, scenario, cohort or source: letters, digits and underscores, a letter first."""

StateName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
FileName = Annotated[str, StringConstraints(pattern=FILE_NAME)]
Text = Annotated[str, StringConstraints(min_length=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0)]
Day = Annotated[str, StringConstraints(pattern=DAY)]
Read = Annotated[str, StringConstraints(pattern=READ)]

# Each choice below is made by looking at the value, so that a wrong value is held against the one
# alternative that was meant. The part of a tag before the colon names the choice.


def _cell(value: Any) -> str:
    return "cell:word" if isinstance(value, str) else "cell:number"


def _amount(value: Any) -> str:
    return "amount:word" if isinstance(value, str) else "amount:number"


def _date(value: Any) -> str:
    return "date:year" if isinstance(value, int) else "date:text"


def _states(value: Any) -> str:
    return "states:several" if isinstance(value, list) else "states:one"


def _bound(value: Any) -> str:
    return "bound:word" if isinstance(value, str) else "bound:number"


def _names_of_states(value: Any) -> str:
    return "names:labelled" if isinstance(value, dict) else "names:listed"


def _meaning(value: Any) -> str:
    return "meaning:states" if isinstance(value, dict) else "meaning:text"


def _scale(value: Any) -> str:
    return "scale:measured" if isinstance(value, dict) else "scale:word"


Cell = Annotated[
    Annotated[Probability, Tag("cell:number")] | Annotated[Literal["rest", "never"], Tag("cell:word")],
    Discriminator(_cell),
]
Amount = Annotated[Annotated[Text, Tag("amount:word")] | Annotated[Share, Tag("amount:number")], Discriminator(_amount)]
Date = Annotated[
    Annotated[Annotated[str, StringConstraints(pattern=DATE)], Tag("date:text")]
    | Annotated[Annotated[int, Field(ge=1000, le=9999)], Tag("date:year")],
    Discriminator(_date),
]
Bound = Annotated[
    Annotated[float, Tag("bound:number")] | Annotated[Literal["unbounded"], Tag("bound:word")], Discriminator(_bound)
]
SeveralStates = Annotated[list[StateName], Field(min_length=1)]
States = Annotated[
    Annotated[StateName, Tag("states:one")] | Annotated[SeveralStates, Tag("states:several")], Discriminator(_states)
]
StateNames = Annotated[
    Annotated[SeveralStates, Tag("names:listed")]
    | Annotated[Annotated[dict[StateName, Text], Field(min_length=1)], Tag("names:labelled")],
    Discriminator(_names_of_states),
]
Meaning = Annotated[
    Annotated[Text, Tag("meaning:text")]
    | Annotated[Annotated[dict[StateName, Text], Field(min_length=1)], Tag("meaning:states")],
    Discriminator(_meaning),
]
Cells = dict[StateName, Cell]
When = dict[Name, States]


class Definition(BaseModel):
    """A mapping in a prior file: unknown keys are refused, values are never coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Sourced(Definition):
    """Something said and what it rests on; left out, the variable's own sources and reason hold."""

    sources: (
        Annotated[
            list[Name],
            Field(min_length=1, description="Sources declared in sources.yaml, or 'judgement' with a reason."),
        ]
        | None
    ) = None
    reason: Annotated[Text, Field(description="Why this number, in one line; needed for judgement.")] | None = None


class Counted(Definition):
    """How sure a number is, by the cases that a source counted and what each of them is worth here."""

    n: Annotated[Share, Field(description="How many cases were counted.")]
    discount: Annotated[
        float, Field(gt=0, le=1, description="What a counted case is worth here: 1 where it is one of ours.")
    ]
    why: Annotated[Text, Field(description="Why so much and no more, in one line.")]

    @property
    def ess(self) -> float:
        """The equivalent sample size."""
        return self.n * self.discount


class Cited(Sourced):
    """A number, what it rests on and how sure it is; left out, what the variable says holds."""

    confidence: (
        Annotated[Text, Field(description="How sure: a confidence word of model.yaml, such as low or medium.")] | None
    ) = None
    ess: (
        Annotated[float, Field(gt=0, description="How sure, as an equivalent sample size, instead of a word.")] | None
    ) = None
    counted: Annotated[Counted, Field(description="How sure, by cases counted, instead of a word.")] | None = None
    published: (
        Annotated[
            Literal["number", "direction", "nothing"],
            Field(
                description="What of it a cited publication says: the number itself, which way, or nothing. "
                "Left out: nothing where only judgement is cited, else direction."
            ),
        ]
        | None
    ) = None
