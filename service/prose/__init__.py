"""Texts held against answers: which of their numbers the answers support. Pure: text and JSON bodies in, judgements out.

``sentences`` cuts a text, ``numerals`` finds its numbers, ``not_forecasts`` leaves out dates, counts and the like,
``names`` finds what sentences name, ``claims`` says what each number claims, ``facts`` what the answers hold, and
``judge`` compares the two.
"""
