"""Makes the data set of sums: `python3 make_data.py --hub DIR --repo smoke/add`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random

from numpy_lm import Example
from numpy_lm.dataset import main
from numpy_lm.tasks import addition, pairs


def examples(rng: Random, tested: bool) -> Iterator[Example]:
    return (addition(a, b) for a, b in pairs(rng, tested=tested))


if __name__ == "__main__":
    sys.exit(main(examples))
