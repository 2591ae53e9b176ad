"""Makes the data set: `python3 make_data.py --hub DIR --repo gpu/calls`."""

import sys

from small_lm.data import main

if __name__ == "__main__":
    sys.exit(main("calls"))
