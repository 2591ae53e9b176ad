"""The audit's modules import each other by plain names, as they do when audit.py is run."""

import os
import sys
from pathlib import Path

# As jobs run: the checks share the work among threads of their own. Read when numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
