"""Numbers laid into words give the bytes of the whole value written at once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from service.http.json_encoding import GAP, LARGE, Template, encoded, encoded_part, rounded
from service.schemas.answers import LikelihoodSet


@dataclass(frozen=True, slots=True)
class Measured:
    p: Mapping[str, float]


class Sent(Struct):
    of: Any


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(TEXTS, NUMBERS, NUMBERS), min_size=1, max_size=6))
def test_laying_numbers_in_is_writing_the_whole(rows):
    whole = [{"state": name, "p": p, "note": name, "shift": shift} for name, p, shift in rows]
    words = Template([{"state": name, "p": GAP, "note": name, "shift": GAP} for name, _, _ in rows])
    laid = encoded({"rows": words.filled(np.array([[p, shift] for _, p, shift in rows]))})
    assert laid == encoded({"rows": whole})
    assert json.loads(laid) == {
        "rows": [{**row, "p": rounded(row["p"]), "shift": rounded(row["shift"])} for row in whole]
    }


@given(NUMBERS)
def test_a_number_is_sent_to_thirteen_digits(number):
    sent = rounded(number)
    assert sent == pytest.approx(number, rel=1e-12, abs=0.0)
    assert abs(number) >= LARGE or sent == float(f"{sent:.13g}") == rounded(sent)


def test_what_somebody_said_is_sent_as_it_was():
    said = {"yes": 0.1234567890123456, "no": 1 / 3}
    assert json.loads(encoded([LikelihoodSet(said)])) == [{"likelihood": said}]


def test_structs_and_dataclasses_are_objects_and_a_locked_mapping_is_one_too():
    assert encoded(Sent((Measured(MappingProxyType({"a": 0.5})),))) == b'{"of":[{"p":{"a":0.5}}]}\n'


def test_a_value_that_json_does_not_have_is_refused():
    with pytest.raises(TypeError, match="no JSON for complex"):
        encoded({"p": 1j})


def test_words_are_used_again_and_again():
    words = Template({"p": GAP})
    assert [encoded(words.filled(np.array([p]))) for p in (0.1, 0.2)] == [b'{"p":0.1}\n', b'{"p":0.2}\n']


def test_numbers_that_do_not_fill_the_gaps_are_refused():
    with pytest.raises(ValueError, match="sequence of size"):
        Template([GAP, GAP]).filled(np.array([0.5]))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_has_no_number_for_is_never_sent(number):
    with pytest.raises(ValueError, match="JSON compliant"):
        Template([GAP]).filled(np.array([number]))
    for value in (number, [0.5, number], {"a": ({"b": number},)}, Sent((Measured({"a": number}),)), Sent(number)):
        with pytest.raises(ValueError, match="JSON compliant"):
            encoded(value)
        with pytest.raises(ValueError, match="JSON compliant"):
            encoded_part(value)
