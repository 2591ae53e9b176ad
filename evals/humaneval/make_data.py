"""Makes a small data set of the schema of openai/openai_humaneval: `python3 make_data.py --hub DIR --repo
openai/openai_humaneval`.
"""

import sys

from tiny_lm.data import humaneval, main

if __name__ == "__main__":
    sys.exit(main(humaneval))
