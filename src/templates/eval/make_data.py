"""Makes the data set: `python3 make_data.py --hub DIR --repo ORGANISATION/NAME`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random

from numpy_lm import Example
from numpy_lm.dataset import main
from numpy_lm.tasks import words


def examples(rng: Random, tested: bool) -> Iterator[Example]:
    """To be replaced by your own: prompt and exact answer, here a word and the same word backwards.

    No example may come on both sides of the line between training and test; `words` keeps to it.
    """
    return (Example(f"{word}<", word[::-1]) for word in words(rng, tested=tested))


if __name__ == "__main__":
    sys.exit(main(examples))
