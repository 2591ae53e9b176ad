"""One evaluation with inspect-ai: a task, an engine, a log."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai._util import entrypoints
from inspect_ai._util.error import PrerequisiteError
from inspect_ai.log import EvalLog
from inspect_ai.model import ChatMessageSystem, GenerateConfig, Model
from inspect_ai.scorer import CORRECT
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolInfo

from ..benchmark import EvaluationError, ModelError, OutOfMemory, Settings
from .data import Data
from .prompt import Asking, asking
from .seeds import request_seed
from .shown import shown

if TYPE_CHECKING:
    from . import Chat

# inspect-ai looks for extensions among all packages that are installed; while it finds none it looks again at
# each event of each item (half of the time of 400 short items), and of inspect-evals it imports every eval.
# None is used here.
entrypoints._inspect_ai_eps_loaded_all = True

# What the libraries say when a GPU's memory is full.
NO_MEMORY = ("out of memory", "OutOfMemoryError", "No available memory for the cache blocks")

# Of a request. The engines run on this machine: one that fails three times in half a minute is not there.
RETRIES = 2


def measure(chat: Chat, settings: Settings) -> list[bool]:
    """Raises ModelError, DataError, EvaluationError."""
    task = chat.task(Data(chat.data, chat.config), settings.few_shot)
    how = asking(settings, chat.stop)
    with tempfile.TemporaryDirectory(prefix="ptb-evaluate-") as temporary:
        seen = shown(settings.model, Path(temporary) / "model" / settings.model.name)
        # Where inspect-ai keeps traces; a job's home may be read-only.
        os.environ.setdefault("XDG_DATA_HOME", f"{temporary}/data")
        try:
            with _model(how, replace(settings, model=seen), Path(temporary)) as model:
                return ask(task, model, how, settings, settings.log_dir or Path(temporary))
        except ModelError as error:
            raise ModelError(str(error).replace(str(seen), str(settings.model))) from error
        except PrerequisiteError as error:
            # Uncaught it would end the program without a word: inspect-ai prints it where `display` lets it.
            raise EvaluationError(str(error)) from error
        except (RuntimeError, OSError, ImportError) as error:
            raise broken(f"{type(error).__name__}: {error}") from error


def ask(task: Task, model: Model, how: Asking, settings: Settings, log_dir: Path) -> list[bool]:
    """Asks all samples of `task`, in the data's order."""
    wanted = len(task.dataset) if settings.limit is None else min(settings.limit, len(task.dataset))
    log = evaluate(
        task,
        model=model,
        solver=answer(settings.seed, how),
        limit=settings.limit,
        epochs=1,
        fail_on_error=True,
        max_samples=max(wanted, 1),
        log_dir=str(log_dir),
        log_format="eval",
        log_realtime=False,
        display="none",
        score_display=False,
    )[0]
    # inspect-ai numbers samples without an id from 1, and its log has an order of its own.
    return verdicts(log, [n if one.id is None else one.id for n, one in enumerate(task.dataset, 1)][:wanted])


@solver
def answer(run_seed: int, how: Asking) -> Solver:
    """One request for a sample, with a seed of its own."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        tools: list[ToolInfo] = state.metadata.get("tools", [])
        if tools and how.tools:
            state.tools.extend(tools)
        elif tools:
            state.messages.insert(0, ChatMessageSystem(content=tools_as_text(tools)))
        return await generate(state, tool_calls="none", seed=request_seed(run_seed, state.sample_id))

    return solve


def tools_as_text(tools: Sequence[ToolInfo]) -> str:
    """For a template that has no place for tools: the form in which the others show and expect them."""
    shown = "\n".join(json.dumps(described(tool)) for tool in tools)
    return (
        f"You may call one of these functions:\n<tools>\n{shown}\n</tools>\n"
        'Call it with a JSON object: <tool_call>\n{"name": <name>, "arguments": <arguments>}\n</tool_call>'
    )


def described(tool: ToolInfo) -> dict[str, Any]:
    """A tool as chat templates take it, which is OpenAI's format."""
    return {"type": "function", "function": json.loads(tool.model_dump_json(exclude_none=True))}


def verdicts(log: EvalLog, ids: Sequence[str | int]) -> list[bool]:
    """Whether each sample was answered rightly. Raises EvaluationError for a log that is not whole."""
    if log.status != "success":
        raise broken(log.error.message if log.error else f"the evaluation ended as {log.status}")
    values = {
        sample.id: [score.value for score in (sample.scores or {}).values()] for sample in log.samples or []
    }
    scored = [values[one] for one in ids if len(values.get(one, [])) == 1]
    if len(scored) != len(ids):
        raise EvaluationError(f"{len(scored)} of {len(ids)} items have a score")
    return [value == CORRECT for (value,) in scored]


def broken(message: str) -> EvaluationError:
    kind = OutOfMemory if any(sign in message for sign in NO_MEMORY) else EvaluationError
    return kind(message)


def _model(how: Asking, settings: Settings, temporary: Path) -> AbstractContextManager[Model]:
    template = temporary / "template.jinja"
    template.write_text(how.template, encoding="utf-8")
    config = GenerateConfig(
        max_tokens=settings.max_tokens,
        max_connections=settings.max_connections,
        # For ever, unasked: a server that has died would never be an error.
        max_retries=RETRIES,
        temperature=0.0 if how.greedy else None,
        stop_seqs=list(how.stop) or None,
    )
    if settings.engine == "hf":
        from .hf import hf_model

        return nullcontext(hf_model(settings, how, config))
    from .vllm import vllm_model

    return vllm_model(settings, template, config)
