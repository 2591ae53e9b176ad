"""Python values as lines of JSON, for two processes of which one is not trusted.

Only plain values can be written: what claims to equal everything, or does something when it is compared, has
no form here.
"""

import json
from typing import Any


def dumps(value: Any) -> str:
    """One line. Raises TypeError for what is no plain value."""
    return json.dumps(_tagged(value)) + "\n"


def loads(line: str) -> Any:
    """Raises ValueError for a line that `dumps` did not write."""
    try:
        return _plain(json.loads(line))
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError("no value") from error


def _tagged(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return {"float": float.__repr__(value)}
    if isinstance(value, complex):
        return {"complex": [float.__repr__(value.real), float.__repr__(value.imag)]}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, dict):
        return {"dict": [[_tagged(key), _tagged(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple, set, frozenset)):
        name = "list" if isinstance(value, list) else "tuple" if isinstance(value, tuple) else "set"
        return {name: [_tagged(item) for item in value]}
    raise TypeError(f"{type(value).__name__} is no plain value")


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, str, int):
        return value
    ((name, content),) = value.items()
    if name == "float":
        return float(content)
    if name == "complex":
        return complex(float(content[0]), float(content[1]))
    if name == "bytes":
        return bytes.fromhex(content)
    if name == "dict":
        return {_plain(key): _plain(item) for key, item in content}
    kinds: dict[str, Any] = {"list": list, "tuple": tuple, "set": set}
    return kinds[name](_plain(item) for item in content)
