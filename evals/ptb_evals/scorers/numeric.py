r"""Numbers compared as the rational numbers that they are: 711 is not 11, 0.333 is not 1/3, 12.0 is 12.

The answer is looked for in this order: the last line "ANSWER: …"; the last \boxed{…}; the last number of the
text, which a fraction or an equation ends with. In the first two exactly one number must stand, after the
last "=" where there is one. A number is digits with an optional sign, decimal part, exponent, commas between
groups of three, a $ before it or a % after it (both are dropped), or \frac{a}{b} or a/b of two of them. Units
are words apart from the number; `5x` is none.
"""

from __future__ import annotations

import re
from fractions import Fraction

from .answer import Reply, Verdict, after_thinking, answer_line, boxed

_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:(?<=\d)\.(?!\d)|\.\d+)?(?:(?<=[\d.])[eE][-+]?\d{1,3})?"
_TOKEN = re.compile(rf"(?<![\w.,])(?=[-+]?\.?\d)({_NUMBER})(?:\s*/\s*({_NUMBER}))?(?![\w]|[.,]\d|/)")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_DROPPED = re.compile(r"\\[()\[\],;!]|\\(?:left|right|displaystyle|mathrm|text)\b|[${}*`]|\\?%|°|~")
_SIGNS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " "})


def number_of(completion: str) -> Fraction | None:
    """The number that a completion answers with; None where there is none, or no single one."""
    text = after_thinking(completion)
    given = answer_line(text)
    # A line "ANSWER: \boxed{5}" is both.
    given = boxed(given) if given is not None and "\\boxed{" in given else given
    given = given if given is not None else boxed(text)
    if given is not None:
        found = numbers(given.rpartition("=")[2])
        return found[0] if len(found) == 1 else None
    found = numbers(text)
    return found[-1] if found else None


def numbers(text: str) -> list[Fraction]:
    """All numbers in a text, in order."""
    plain = _FRACTION.sub(r" \1/\2 ", text.translate(_SIGNS).replace("\\$", "$"))
    plain = _DROPPED.sub("", plain)
    found = (_value(match[1], match[2]) for match in _TOKEN.finditer(plain))
    return [value for value in found if value is not None]


def _value(above: str, below: str | None) -> Fraction | None:
    try:
        value = Fraction(above.replace(",", "").rstrip("."))
        return value if below is None else value / Fraction(below.replace(",", "").rstrip("."))
    except (ValueError, ZeroDivisionError):
        return None


def judge(reply: Reply) -> Verdict:
    """Raises ValueError for a target that is not one number."""
    (wanted,) = numbers(reply.target)
    given = number_of(reply.text)
    return Verdict(given == wanted, "" if given is None else str(given))
