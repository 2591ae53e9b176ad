"""Reads a benchmark's test items and makes the index that audits look them up in."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from index import build, save
from items import ItemsError, Layout, read_items

# What `items` in eval.yaml says for others.
NOT_LAYOUT = {"contaminated"}


def main() -> int:
    """Exits 0, or 1 with one line that says what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the hub with the benchmark's data set")
    parser.add_argument("--items", type=json.loads, default={}, help="JSON: `items` of eval.yaml")
    parser.add_argument("--to", type=Path, required=True, help="the folder to make")
    arguments = parser.parse_args()
    try:
        layout = Layout(**{key: value for key, value in arguments.items.items() if key not in NOT_LAYOUT})
        test, train = read_items(arguments.data, layout)
    except (ItemsError, TypeError) as error:
        print(f"test-items: {error}", file=sys.stderr)
        return 1
    index = build(test, train)
    save(index, arguments.to)
    print(
        f"{len(index.items)} test items, {len(train)} free ones; {len(index.untellable)} cannot be told apart"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
