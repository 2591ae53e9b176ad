"""A tokenizer of whole words and single digits, made from the texts that it shall know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

END, START, STOP, UNKNOWN = "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|unknown|>"
SPECIALS = (END, START, STOP, UNKNOWN)

# Words and punctuation with the blank before them, digits one by one.
PIECE = r" ?[A-Za-z]+|\d| ?[^\sA-Za-z\d]|\s"

# ChatML, as the Qwen and SmolLM families write it.
TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer(texts: Iterable[str]) -> Any:
    """A transformers tokenizer that knows every piece of `texts`; the same texts give the same one."""
    import regex
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pieces = sorted({piece for text in texts for piece in regex.findall(PIECE, text)})
    vocabulary = {name: number for number, name in enumerate((*SPECIALS, *pieces))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECE), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=STOP,
        pad_token=END,
        unk_token=UNKNOWN,
        additional_special_tokens=[START],
        chat_template=TEMPLATE,
        model_max_length=2048,
    )
