"""The array type of this package, and the one error that its users are expected to catch."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
"""float32 in models and training; the gradient tests use float64."""

Ids: TypeAlias = NDArray[np.int64]
"""Token ids."""

Params: TypeAlias = dict[str, Array]
"""Weights (or their gradients) under the tensor names of a Hugging Face checkpoint."""


class ModelError(ValueError):
    """A model that cannot be loaded or run; the message is one line and names the file or field at fault."""

    def __init__(self, message: str) -> None:
        # A model's own files may have any text in any field.
        super().__init__(" ".join(message.split())[:1000])
