"""The engine `hf`: transformers on a GPU or the CPU, behind inspect-ai's model interface.

All requests wait together; the longest prompts are answered first, `max_connections` rows at a time: on a
GPU a row that has its answer makes room for the next prompt (hf_stream), elsewhere a batch is answered
after the other (hf_batch).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import torch
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from ..benchmark import ModelError, Settings
from ..scorers.call import hermes
from .hf_batch import Prompt, Reply, reply_to
from .hf_stream import can_stream, places_for, replies_to
from .prompt import Asking, context
from .run import described

# Requests arrive one by one; when none came for so many seconds, all that can come are there.
QUIET = 0.2


def hf_model(settings: Settings, how: Asking, config: GenerateConfig) -> Model:
    """Loads the model. Raises ModelError with the library's reason when it cannot be loaded."""
    # What limits the requests under way is the batch, not inspect-ai: it hands over all of them.
    return Model(HfModel(settings, how), config.model_copy(update={"max_connections": 1_000_000}))


@modelapi(name="transformers")
class HfModel(ModelAPI):
    def __init__(self, settings: Settings, how: Asking) -> None:
        super().__init__(model_name=settings.model.name)
        logging.disable_progress_bar()
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(
                settings.model, padding_side="left", trust_remote_code=False
            )
            dtype = "auto" if self._device == "cuda" else torch.float32
            model: Any = AutoModelForCausalLM.from_pretrained(
                settings.model, dtype=dtype, trust_remote_code=False, use_safetensors=True
            )
            self._model = model.to(self._device).eval()
        except (torch.OutOfMemoryError, ImportError):
            raise
        except Exception as error:  # of any class: what a config asks for decides which code is run
            raise ModelError(f"{settings.model}: {type(error).__name__}: {error}") from error
        self._how = how
        self._settings = settings
        self._context = context(settings.model) or 1 << 30
        self._line = _Line(self._answer)

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        text = self._tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.text} for message in input],
            tools=[described(tool) for tool in tools] or None,
            chat_template=self._how.template,
            add_generation_prompt=True,
            tokenize=False,
        )
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        room = min(config.max_tokens or self._settings.max_tokens, self._context - len(ids))
        if room < 1:
            return ModelOutput.from_content(self.model_name, "", stop_reason="model_length")
        reply = await asyncio.wrap_future(self._line.join(Prompt(ids, room, config.seed or 0)))
        return self._output(len(ids), reply, tools)

    def _output(self, length: int, reply: Reply, tools: Sequence[ToolInfo]) -> ModelOutput:
        calls = [
            ToolCall(
                id=f"call_{number}",
                function=call.function,
                arguments=call.arguments,
                parse_error="not a call in JSON" if call.broken else None,
            )
            for number, call in enumerate(hermes(reply.text) if tools else ())
        ]
        message = ChatMessageAssistant(content=reply.text, tool_calls=calls or None, source="generate")
        return ModelOutput(
            model=self.model_name,
            choices=[
                ChatCompletionChoice(message=message, stop_reason="stop" if reply.ended else "max_tokens")
            ],
            usage=ModelUsage(
                input_tokens=length, output_tokens=reply.tokens, total_tokens=length + reply.tokens
            ),
        )

    def _answer(self, waiting: list[_Waiting]) -> None:
        """Answers some of those who wait and takes them out of the list."""
        waiting.sort(key=lambda one: -len(one.prompt.ids))
        prompts = [one.prompt for one in waiting]
        rows = min(self._settings.max_connections, len(waiting))
        streams = self._device == "cuda" and can_stream(self._model)
        if self._device == "cuda":
            longest = places_for(prompts) if streams else len(prompts[0].ids) + prompts[0].room
            rows = min(rows, self._rows_that_fit(longest))
        while True:
            try:
                if streams:
                    self._answer_all(waiting, rows)
                else:
                    self._answer_first(waiting, rows)
                return
            except torch.OutOfMemoryError:
                if rows == 1:
                    raise
                rows //= 2
                torch.cuda.empty_cache()

    def _answer_all(self, waiting: list[_Waiting], rows: int) -> None:
        """Each is taken out of the list as soon as it has its answer."""
        everyone = list(waiting)
        prompts = [one.prompt for one in everyone]
        for number, reply in replies_to(
            prompts, self._model, self._tokenizer, self._how.greedy, self._how.stop, rows
        ):
            waiting.remove(everyone[number])
            everyone[number].reply.set_result(reply)

    def _answer_first(self, waiting: list[_Waiting], rows: int) -> None:
        """The first `rows` of the list, in one batch."""
        batch = waiting[:rows]
        prompts = [one.prompt for one in batch]
        replies = reply_to(prompts, self._model, self._tokenizer, self._how.greedy, self._how.stop)
        del waiting[:rows]
        for one, reply in zip(batch, replies, strict=True):
            one.reply.set_result(reply)

    def _rows_that_fit(self, length: int) -> int:
        """How many rows of so many tokens have room for their keys and values, at least 1."""
        config = self._model.config.get_text_config()
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        per_token = 2 * config.num_hidden_layers * heads * width * self._model.dtype.itemsize
        free, total = torch.cuda.mem_get_info()
        usable = free - (1 - self._settings.gpu_memory_utilization) * total
        # Growing a cache by one position copies it, so for a moment two of one layer's are there; a
        # tenth covers it.
        return max(1, int(0.9 * usable / (per_token * length)))


@dataclass(eq=False)
class _Waiting:
    prompt: Prompt
    reply: Future[Reply] = field(default_factory=Future)


class _Line:
    """Where requests wait for the one thread that answers them."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._waiting: list[_Waiting] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._work, daemon=True).start()

    def join(self, prompt: Prompt) -> Future[Reply]:
        one = _Waiting(prompt)
        with self._changed:
            self._waiting.append(one)
            self._changed.notify()
        return one.reply

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                while self._changed.wait(QUIET):
                    pass
                taken, self._waiting = self._waiting, []
            while taken:
                try:
                    self._answer(taken)
                except BaseException as error:
                    for one in taken:
                        one.reply.set_exception(error)
                    break
