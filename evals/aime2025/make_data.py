"""Makes a small data set of the schema of math-ai/aime25: `python3 make_data.py --hub DIR --repo math-
ai/aime25`.
"""

import sys

from tiny_lm.data import aime2025, main

if __name__ == "__main__":
    sys.exit(main(aime2025))
