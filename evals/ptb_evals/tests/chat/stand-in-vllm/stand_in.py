"""A stand-in for the command `vllm`, which needs a GPU: `vllm serve MODEL --port N …`.

Answers each chat with the word `yes`. As vLLM has, it has a second process that holds what is dear and that
does not end when it is asked to; that one writes its id to the file $STAND_IN_ENGINE. $STAND_IN_DOES says
more: `refuse` (no memory when it starts), `break` (its configuration is wrong), `die` (when the second
question comes), `wait` (for ever, with a file `asked`).
"""

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DOES = os.environ.get("STAND_IN_DOES", "")
NO_MEMORY = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB"
REASONS = {"refuse": NO_MEMORY, "break": "ValueError: unknown rope type"}
ENGINE = "import os, signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(600)"
questions = 0


def fail(reason: str) -> None:
    sys.stderr.write(f"(EngineCore pid=7) Traceback\n(EngineCore pid=7) {reason}\n")
    sys.stderr.write("RuntimeError: Engine core initialization failed. See root cause above.\n")
    sys.stderr.flush()


class Chat(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.answer({"object": "list", "data": [{"id": sys.argv[2], "object": "model"}]})

    def do_POST(self) -> None:
        global questions
        questions += 1
        self.rfile.read(int(self.headers["content-length"]))
        if DOES == "die" and questions > 1:
            fail(NO_MEMORY)
            os.kill(os.getpid(), signal.SIGKILL)
        if DOES == "wait":
            Path("asked").touch()
            time.sleep(600)
        message = {"role": "assistant", "content": "yes"}
        usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self.answer(
            {"id": "1", "object": "chat.completion", "created": 1, "model": sys.argv[2]}
            | {"choices": [choice], "usage": usage}
        )


def main() -> None:
    engine = subprocess.Popen([sys.executable, "-c", ENGINE], stdout=subprocess.PIPE)
    assert engine.stdout is not None
    engine.stdout.readline()
    Path(os.environ["STAND_IN_ENGINE"]).write_text(str(engine.pid), encoding="utf-8")
    if DOES in REASONS:
        fail(REASONS[DOES])
        sys.exit(1)
    port = int(sys.argv[sys.argv.index("--port") + 1])
    ThreadingHTTPServer(("127.0.0.1", port), Chat).serve_forever()


if __name__ == "__main__":
    main()
