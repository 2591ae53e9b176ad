"""Every benchmark's own judge as one scorer of inspect-ai."""

from __future__ import annotations

import os
from collections.abc import Callable

import anyio
from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState

from ..scorers.answer import Call, Reply, Verdict


@scorer(metrics=[accuracy(), stderr()])
def exact(judge: Callable[[Reply], Verdict]) -> Scorer:
    """As many verdicts at a time as there are processors: a judge may run programs."""
    at_a_time = anyio.CapacityLimiter(os.cpu_count() or 1)

    async def score(state: TaskState, target: Target) -> Score:
        message = state.output.message
        calls = (
            Call(one.function, one.arguments, broken=one.parse_error is not None)
            for one in message.tool_calls or []
        )
        reply = Reply(state.output.completion, target.text, state.metadata, tuple(calls))
        verdict = await anyio.to_thread.run_sync(judge, reply, limiter=at_a_time)
        value = CORRECT if verdict.right else INCORRECT
        return Score(value=value, answer=verdict.answer, explanation=verdict.because or None)

    return score
