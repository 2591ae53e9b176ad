"""The decoder: embedding, blocks of attention and SwiGLU with pre-norms, a final norm, logits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .arrays import Array, Ids, Params
from .attention import Past, attention
from .config import Config
from .layers import embed, linear, rms_norm, swiglu
from .rope import Rope

EMBEDDING = "model.embed_tokens.weight"
FINAL_NORM = "model.norm.weight"
HEAD = "lm_head.weight"


def shapes(config: Config) -> dict[str, tuple[int, ...]]:
    """Every tensor of the checkpoint with its shape; tied embeddings have no head of their own."""
    hidden, inner = config.hidden_size, config.intermediate_size
    q_size = config.num_attention_heads * config.head_dim
    kv_size = config.num_key_value_heads * config.head_dim
    found: dict[str, tuple[int, ...]] = {EMBEDDING: (config.vocab_size, hidden), FINAL_NORM: (hidden,)}
    for layer in range(config.num_hidden_layers):
        block = f"model.layers.{layer}"
        found |= {
            f"{block}.input_layernorm.weight": (hidden,),
            f"{block}.post_attention_layernorm.weight": (hidden,),
            f"{block}.self_attn.q_proj.weight": (q_size, hidden),
            f"{block}.self_attn.k_proj.weight": (kv_size, hidden),
            f"{block}.self_attn.v_proj.weight": (kv_size, hidden),
            f"{block}.self_attn.o_proj.weight": (hidden, q_size),
            f"{block}.self_attn.q_norm.weight": (config.head_dim,),
            f"{block}.self_attn.k_norm.weight": (config.head_dim,),
            f"{block}.mlp.gate_proj.weight": (inner, hidden),
            f"{block}.mlp.up_proj.weight": (inner, hidden),
            f"{block}.mlp.down_proj.weight": (hidden, inner),
        }
    if not config.tie_word_embeddings:
        found[HEAD] = (config.vocab_size, hidden)
    return found


def fresh(config: Config, seed: int, dtype: type[np.floating] = np.float32) -> Params:
    """Random weights: norms are ones, matrices are normal with deviation 1/sqrt(inputs), embeddings 0.1."""
    rng = np.random.default_rng(seed)
    params: Params = {}
    for name, shape in shapes(config).items():
        if len(shape) == 1:
            params[name] = np.ones(shape, dtype)
            continue
        deviation = 0.1 if name in (EMBEDDING, HEAD) else shape[1] ** -0.5
        # What is added to the residual stream starts smaller the deeper the model (GPT-2's rule).
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            deviation /= (2 * config.num_hidden_layers) ** 0.5
        params[name] = (rng.standard_normal(shape) * deviation).astype(dtype)
    return params


def forward(
    params: Params, config: Config, ids: Ids, past: list[Past] | None = None
) -> tuple[Array, Callable[[Array], Params]]:
    """ids [batch, length] -> logits [batch, length, vocab]; `back(dlogits)` gives every weight's gradient.

    `past` holds one Past per layer and is extended in place; then `back` must not be called.
    """
    start = past[0].seen if past else 0
    dtype = params[EMBEDDING].dtype
    rope = Rope.at(start, ids.shape[1], config.head_dim, config.rope_theta, dtype)
    x, back_embed = embed(ids, params[EMBEDDING])
    backs = []
    for layer in range(config.num_hidden_layers):
        x, back_block = _block(
            x, params, f"model.layers.{layer}", config, rope, past[layer] if past else None
        )
        backs.append(back_block)
    normed, back_norm = rms_norm(x, params[FINAL_NORM], config.rms_norm_eps)
    head = EMBEDDING if config.tie_word_embeddings else HEAD
    logits, back_head = linear(normed, params[head])

    def back(dlogits: Array) -> Params:
        grads: Params = {}
        dnormed, dhead = back_head(dlogits)
        dx, grads[FINAL_NORM] = back_norm(dnormed)
        for back_block in reversed(backs):
            dx = back_block(dx, grads)
        dembedding = back_embed(dx)
        grads[EMBEDDING] = dembedding + dhead if head == EMBEDDING else dembedding
        if head == HEAD:
            grads[HEAD] = dhead
        return grads

    return logits, back


def _block(
    x: Array, params: Params, block: str, config: Config, rope: Rope, past: Past | None
) -> tuple[Array, Callable[[Array, Params], Array]]:
    """One layer on x [batch, length, hidden]; `back` as in attention."""
    mlp, before_mlp, before_attention = (
        f"{block}.mlp",
        f"{block}.post_attention_layernorm",
        f"{block}.input_layernorm",
    )
    normed, back_norm = rms_norm(x, params[f"{before_attention}.weight"], config.rms_norm_eps)
    attended, back_attention = attention(normed, params, f"{block}.self_attn", config, rope, past)
    middle = x + attended
    normed_middle, back_norm_middle = rms_norm(middle, params[f"{before_mlp}.weight"], config.rms_norm_eps)
    gate, back_gate = linear(normed_middle, params[f"{mlp}.gate_proj.weight"])
    up, back_up = linear(normed_middle, params[f"{mlp}.up_proj.weight"])
    inner, back_swiglu = swiglu(gate, up)
    down, back_down = linear(inner, params[f"{mlp}.down_proj.weight"])

    def back(dy: Array, grads: Params) -> Array:
        dinner, grads[f"{mlp}.down_proj.weight"] = back_down(dy)
        dgate, dup = back_swiglu(dinner)
        from_gate, grads[f"{mlp}.gate_proj.weight"] = back_gate(dgate)
        from_up, grads[f"{mlp}.up_proj.weight"] = back_up(dup)
        from_mlp, grads[f"{before_mlp}.weight"] = back_norm_middle(from_gate + from_up)
        dmiddle = dy + from_mlp
        from_attention, grads[f"{before_attention}.weight"] = back_norm(back_attention(dmiddle, grads))
        return dmiddle + from_attention

    return middle + down, back
