"""Makes a small data set of the schema of openai/gsm8k: `python3 make_data.py --hub DIR --repo
openai/gsm8k`.
"""

import sys

from tiny_lm.data import gsm8k, main

if __name__ == "__main__":
    sys.exit(main(gsm8k))
