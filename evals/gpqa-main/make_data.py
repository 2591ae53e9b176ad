"""Makes a small data set of the schema of Idavidrein/gpqa: `python3 make_data.py --hub DIR --repo
Idavidrein/gpqa`.
"""

import sys

from tiny_lm.data import gpqa, main

if __name__ == "__main__":
    sys.exit(main(gpqa))
