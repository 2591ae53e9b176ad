"""Makes a small data set of the schema of gorilla-llm/Berkeley-Function-Calling-Leaderboard: `python3
make_data.py --help`.
"""

import sys

from tiny_lm.data import bfcl, main

if __name__ == "__main__":
    sys.exit(main(bfcl))
