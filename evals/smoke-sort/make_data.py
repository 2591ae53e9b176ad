"""Makes the data set of letters to sort: `python3 make_data.py --hub DIR --repo smoke/sort`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random

from numpy_lm import Example
from numpy_lm.dataset import main
from numpy_lm.tasks import sorting, words


def examples(rng: Random, tested: bool) -> Iterator[Example]:
    return (sorting(letters) for letters in words(rng, tested=tested))


if __name__ == "__main__":
    sys.exit(main(examples))
