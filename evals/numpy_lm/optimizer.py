"""AdamW (Loshchilov and Hutter 2019) with the gradient's norm clipped."""

from __future__ import annotations

import numpy as np

from .arrays import Params


class AdamW:
    """Keeps two running means per weight and changes the weights in place."""

    def __init__(
        self, params: Params, beta1: float = 0.9, beta2: float = 0.98, eps: float = 1e-8, decay: float = 0.01
    ) -> None:
        self._params = params
        self._beta1, self._beta2, self._eps, self._decay = beta1, beta2, eps, decay
        self._mean = {name: np.zeros_like(value) for name, value in params.items()}
        self._square = {name: np.zeros_like(value) for name, value in params.items()}
        self._steps = 0

    def step(self, grads: Params, rate: float, clip: float = 1.0) -> None:
        """One update at a learning rate; gradients whose joint norm exceeds `clip` are scaled down to it."""
        self._steps += 1
        norm = float(np.sqrt(sum(float(np.vdot(grad, grad)) for grad in grads.values())))
        shrink = min(1.0, clip / (norm + 1e-12))
        unbias1 = 1.0 - self._beta1**self._steps
        unbias2 = 1.0 - self._beta2**self._steps
        for name, value in self._params.items():
            grad = grads[name] * shrink
            mean, square = self._mean[name], self._square[name]
            mean += (1.0 - self._beta1) * (grad - mean)
            square += (1.0 - self._beta2) * (grad * grad - square)
            # Norms are scales around one: decaying them towards zero would fight the model.
            if value.ndim > 1:
                value *= 1.0 - rate * self._decay
            value -= (rate / unbias1) * mean / (np.sqrt(square / unbias2) + self._eps)
