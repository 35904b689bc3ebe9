"""Texts held against answers: which of their numbers those support. Pure: text and JSON in, judgements out.

``sentences`` cuts a text, ``numerals`` finds its numbers, ``not_forecasts`` leaves out dates, counts and the like,
``names`` finds what sentences name and ``conditions`` what they say is so, ``claims`` says what each number claims (by
``readings`` of the words beside it, which stand in ``cues``), ``facts`` (of ``analyses`` too) what the answers hold and
``situations`` under what, ``comparisons`` which two of them a sentence compares, and ``judge`` holds claims to facts.
"""
