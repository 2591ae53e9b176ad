"""no_score.py REASON FILE: writes the metrics of a model that could not be asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(because: str, file: Path) -> None:
    """Whole or not at all. Bytes of the reason that are no UTF-8 arrive as surrogates and are replaced."""
    reason = because.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    aside = file.with_name(file.name + ".part")
    document = {"accuracy": None, "stderr": None, "n": 0, "because": reason}
    aside.write_text(json.dumps(document) + "\n", encoding="utf-8")
    aside.replace(file)
    print(reason)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
