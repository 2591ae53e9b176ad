"""Each solve.sh with a stand-in for its command line on PATH: what that is started with, and when again."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

AGENTS = Path(__file__).resolve().parent.parent
STAND_IN = AGENTS / "tests" / "stand-in-cli.py"
PROMPT = "We want to train `x`.\n\n  Line three; $HOME \"'\n"

KEYS = {
    "claude": {"ANTHROPIC_API_KEY": "key-of-claude"},
    "codex": {"OPENAI_API_KEY": "key-of-codex"},
    "gemini": {"GEMINI_API_KEY": "key-of-gemini"},
    "opencode": {"OPENCODE_API_KEY": "key-of-opencode"},
}
MODELS = {"opencode": "opencode/m-1"}
# As their agent.yaml has them.
SETTINGS = {"opencode": {"PTB_AGENT_KEY": "OPENCODE_API_KEY"}}
NAMES = tuple(KEYS)


class Place:
    """A work folder, and a folder on PATH with the stand-in."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name, self.bin = root, name, root / "bin"
        for folder in (self.bin, root / "home", root / "task"):
            folder.mkdir()
        (self.bin / name).symlink_to(STAND_IN)
        (self.bin / "trace.jsonl").symlink_to(AGENTS / "tests" / "traces" / f"{name}-stand-in-provider.jsonl")
        (root / "prompt.txt").write_text(PROMPT)

    def start(self, keys: dict[str, str] | None = None, **settings: str) -> subprocess.Popen[str]:
        env = {"PATH": f"{self.bin}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.root / "home")}
        env |= {"PTB_AGENT_MODEL": MODELS.get(self.name, "m-1")}
        env |= SETTINGS.get(self.name, {})
        env |= (KEYS[self.name] if keys is None else keys) | settings
        command = ["bash", str(AGENTS / self.name / "solve.sh"), "../prompt.txt"]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=self.root / "task", env=env, stdout=pipe, stderr=pipe, text=True)

    def run(self, keys: dict[str, str] | None = None, **settings: str) -> tuple[int, list[dict[str, Any]]]:
        """Its exit status and the trace."""
        process = self.start(keys, **settings)
        out, _ = process.communicate(timeout=30)
        return process.returncode, [json.loads(line) for line in out.splitlines()]

    def calls(self) -> list[dict[str, Any]]:
        file = self.bin / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture(params=NAMES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.param)


def test_the_prompt_comes_on_stdin_and_never_in_argv(place: Place) -> None:
    status, trace = place.run()
    (call,) = place.calls()
    assert status == 0
    assert call["stdin"] == PROMPT
    assert not any("We want" in word for word in call["argv"])
    model = MODELS.get(place.name, "m-1")
    assert call["argv"][call["argv"].index("--model") + 1] == model
    assert trace[0] == {
        "type": "ptb.agent",
        "cli": place.name,
        "version": "9.9.9",
        "model": model,
        "effort": "",
    }
    assert trace[1] == {"type": "ptb.session"}


def test_the_command_line_sees_its_own_key_alone(place: Place) -> None:
    place.run()
    (call,) = place.calls()
    held = sorted(name for name, value in call["env"].items() if value.startswith("key-of"))
    assert held == {"codex": ["CODEX_API_KEY"]}.get(place.name, sorted(KEYS[place.name]))
    assert not any("key-of" in word for word in call["argv"])


def test_secrets_are_declared_and_shared_by_no_two_agents() -> None:
    declared: list[str] = []
    for name in NAMES:
        (line,) = [
            one
            for one in (AGENTS / name / "agent.yaml").read_text().splitlines()
            if one.startswith("secrets:")
        ]
        secrets = line.removeprefix("secrets: [").removesuffix("]").split(", ")
        assert set(KEYS[name]) <= set(secrets)
        declared += secrets
    assert len(declared) == len(set(declared))


def test_without_a_key_the_machine_is_not_ready(place: Place) -> None:
    status, trace = place.run({})
    assert status == 78 and place.calls() == []
    assert trace[-1]["type"] == "ptb.unready" and "set " in trace[-1]["because"]


def test_without_the_command_line_too(place: Place) -> None:
    (place.bin / place.name).unlink()
    status, trace = place.run()
    assert status == 78 and f"no {place.name} on PATH" in trace[-1]["because"]


def test_effort(place: Place) -> None:
    place.run(PTB_AGENT_EFFORT="high")
    (call,) = place.calls()
    given = " ".join(call["argv"])
    if place.name == "gemini":
        given = (place.root / "home/.gemini/settings.json").read_text()
        json.loads(given)
    wanted = {
        "claude": "--effort high",
        "codex": 'model_reasoning_effort="high"',
        "gemini": '"thinkingLevel": "HIGH"',
        "opencode": "--variant high",
    }
    assert wanted[place.name] in given


AGAIN = {
    "claude": "--continue",
    "codex": "resume --last -",
    "gemini": "--resume latest",
    "opencode": "--continue",
}


def test_re_prompting_continues_the_session(place: Place) -> None:
    # 8 minutes and 9 hours: neither is an octal number.
    left = 9 * 3600 + 8 * 60 + 30
    status, trace = place.run(PTB_AGENT_REPROMPT="true", PTB_DEADLINE=str(int(time.time()) + left))
    first, *more = place.calls()
    assert status == 0
    assert AGAIN[place.name] not in " ".join(first["argv"])
    # A session that ends at once has nothing to do; three of them are enough.
    assert [call["stdin"] for call in more] == ["You still have 9:08 remaining.\n"] * 3
    assert all(AGAIN[place.name] in " ".join(call["argv"]) for call in more)
    assert sum(event["type"] == "ptb.session" for event in trace) == 4


@pytest.mark.parametrize(
    ("left", "reprompt", "calls"), [(1795, "true", 1), (1860, "true", 4), (36000, "false", 1), (36000, "", 1)]
)
def test_when_it_is_re_prompted(tmp_path: Path, left: int, reprompt: str, calls: int) -> None:
    place = Place(tmp_path, "claude")
    place.run(PTB_AGENT_REPROMPT=reprompt, PTB_DEADLINE=str(int(time.time()) + left))
    assert len(place.calls()) == calls


def test_a_session_that_fails_is_the_last(place: Place) -> None:
    (place.bin / "status").write_text("7")
    status, _ = place.run(PTB_AGENT_REPROMPT="true", PTB_DEADLINE=str(int(time.time()) + 36000))
    assert status == 7 and len(place.calls()) == 1


def test_term_reaches_the_command_line(place: Place) -> None:
    (place.bin / "slow").touch()
    process = place.start(PTB_AGENT_REPROMPT="true", PTB_DEADLINE=str(int(time.time()) + 36000))
    while not place.calls():
        time.sleep(0.05)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 143 and time.monotonic() - began < 10 and len(place.calls()) == 1


def test_claude_by_subscription(tmp_path: Path) -> None:
    place = Place(tmp_path, "claude")
    keys = {"ANTHROPIC_API_KEY": "key-a", "CLAUDE_CODE_OAUTH_TOKEN": "token-a"}
    place.run(keys, PTB_AGENT_LOGIN="subscription")
    env = place.calls()[0]["env"]
    assert env["CLAUDE_CODE_OAUTH_TOKEN"] == "token-a" and "ANTHROPIC_API_KEY" not in env
    assert place.run({"ANTHROPIC_API_KEY": "key-a"}, PTB_AGENT_LOGIN="subscription")[0] == 78


def test_codex_by_subscription(tmp_path: Path) -> None:
    place = Place(tmp_path, "codex")
    login = '{"tokens": {\n"access_token": "a b\'"}}'
    place.run({"CODEX_AUTH_JSON": login, "OPENAI_API_KEY": "key-o"}, PTB_AGENT_LOGIN="subscription")
    file = tmp_path / "home" / ".codex" / "auth.json"
    assert file.read_text() == login + "\n" and file.stat().st_mode & 0o777 == 0o600
    (call,) = place.calls()
    assert not any(name in call["env"] for name in ("CODEX_AUTH_JSON", "OPENAI_API_KEY", "CODEX_API_KEY"))
    assert "access_token" not in json.dumps(call)


def test_another_provider(place: Place) -> None:
    url = "https://api.example.org/v1"
    status, _ = place.run({"ZAI_API_KEY": "key-z"}, PTB_AGENT_BASE_URL=url, PTB_AGENT_KEY="ZAI_API_KEY")
    (call,) = place.calls()
    env = call["env"]
    assert status == 0
    assert {name for name, value in env.items() if value == "key-z"} == {
        "claude": {"ANTHROPIC_AUTH_TOKEN"},
        "codex": {"CODEX_API_KEY"},
        "gemini": {"GEMINI_API_KEY"},
        "opencode": {"ZAI_API_KEY"},
    }[place.name]
    told = json.dumps(
        [call["argv"], {name: value for name, value in env.items() if not name.startswith("PTB_")}]
    )
    assert url in told
    if place.name == "opencode":
        json.loads(env["OPENCODE_CONFIG_CONTENT"])
