"""A stand-in for the Hugging Face hub: the few endpoints that a download asks, over a folder.

    python3 hub_stand_in.py FOLDER     serves on a free port of 127.0.0.1, and prints its address

FOLDER holds `models/<org>/<name>/<commit>/…` and `datasets/…`; of several commits the last by name is main.
Its `faults.json`, read at each request, makes it misbehave:

    {"gated": ["org/name"], "tokens": ["good"], "answer": {"api": 429}, "cut": {"x": 1000}, "damage": ["x"]}

`answer`: the status for "api" or "resolve" requests; `cut`: bytes of a file after which the connection
breaks, once; `damage`: files whose content comes changed. Each request is a line of `requests.log`: method,
path, range.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

API = re.compile(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/revision/(.+))?")
RESOLVE = re.compile(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root = Path()

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def log_message(self, format: str, *args: object) -> None:
        """Its log is `requests.log`."""

    def answer(self, body: bool) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        wanted = self.headers.get("Range", "")
        with (self.root / "requests.log").open("a", encoding="utf-8") as log:
            log.write(f"{self.command} {path} {wanted}\n")
        if path in ("/api/models", "/api/datasets"):
            self.search(path.rpartition("/")[2], parse_qs(url.query).get("search", [""])[0])
            return
        api, resolve = API.fullmatch(path), RESOLVE.fullmatch(path)
        if api:
            self.info(api[1], api[2], api[3] or "main")
        elif resolve:
            self.file("datasets" if resolve[1] else "models", resolve[2], resolve[3], resolve[4], body)
        elif path == "/api/whoami-v2":
            token = self.token()
            known = token is not None and token in self.faults().get("tokens", [])
            self.say(200 if known else 401, {"name": "tester"} if known else {})
        else:
            self.say(404, {})

    def faults(self) -> dict[str, Any]:
        file = self.root / "faults.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return found

    def token(self) -> str | None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else None

    def search(self, kind: str, text: str) -> None:
        names = sorted(f"{one.parent.name}/{one.name}" for one in (self.root / kind).glob("*/*"))
        # The real search forgives a little, too.
        self.say(200, [{"id": name, "_id": name} for name in names if text[:3].lower() in name.lower()])

    def refused(self, what: str, kind: str, name: str) -> bool:
        faults = self.faults()
        status = faults.get("answer", {}).get(what)
        token = self.token()
        if status:
            self.say(status, {"error": "so the test wants it"})
        elif token is not None and token not in faults.get("tokens", []):
            message = {"X-Error-Message": "Invalid credentials in Authorization header"}
            self.say(401, {}, message)
        elif not (self.root / kind / name).is_dir():
            self.say(401 if token is None else 404, {}, {"X-Error-Code": "RepoNotFound"})
        else:
            return False
        return True

    def gated(self, name: str) -> bool:
        faults = self.faults()
        return name in faults.get("gated", ()) and self.token() not in faults.get("tokens", ())

    def commit(self, kind: str, name: str, revision: str) -> Path | None:
        commits = sorted(path for path in (self.root / kind / name).iterdir() if path.is_dir())
        return next((one for one in commits if one.name == revision), None) or (
            commits[-1] if revision == "main" else None
        )

    def info(self, kind: str, name: str, revision: str) -> None:
        if self.refused("api", kind, name):
            return
        folder = self.commit(kind, name, revision)
        if folder is None:
            self.say(404, {}, {"X-Error-Code": "RevisionNotFound"})
            return
        siblings = []
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            path, content = file.relative_to(folder).as_posix(), file.read_bytes()
            one: dict[str, object] = {"rfilename": path, "size": len(content), "blobId": git(content)}
            if is_large(path):
                one["lfs"] = {
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size": len(content),
                    "pointerSize": 134,
                }
            siblings.append(one)
        # Who may not download may still see what there is.
        self.say(200, {"id": name, "_id": name, "sha": folder.name, "siblings": siblings, "gated": "manual"})

    def file(self, kind: str, name: str, revision: str, path: str, body: bool) -> None:
        if self.refused("resolve", kind, name):
            return
        if self.gated(name):
            self.say(401 if self.token() is None else 403, {}, {"X-Error-Code": "GatedRepo"})
            return
        folder = self.commit(kind, name, revision)
        if folder is None or not (folder / path).is_file():
            self.say(404, {}, {"X-Error-Code": "EntryNotFound" if folder else "RevisionNotFound"})
            return
        content = (folder / path).read_bytes()
        etag = hashlib.sha256(content).hexdigest() if is_large(path) else git(content)
        if path in self.faults().get("damage", []):
            content = bytes([content[0] ^ 1]) + content[1:]
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        part = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", folder.name)
        self.send_header("ETag", f'"{etag}"')
        if is_large(path):
            self.send_header("X-Linked-Etag", f'"{etag}"')
            self.send_header("X-Linked-Size", str(len(content)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if body:
            self.send(path, part)

    def send(self, path: str, part: bytes) -> None:
        cut = self.faults().get("cut", {}).get(path)
        marker = self.root / f".cut-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
        if cut is None or marker.exists():
            self.wfile.write(part)
            return
        marker.touch()
        self.wfile.write(part[:cut])
        self.wfile.flush()
        self.close_connection = True

    def say(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)


def is_large(path: str) -> bool:
    """What the hub would keep in LFS."""
    return path.endswith((".safetensors", ".bin", ".parquet"))


def git(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def serve(root: Path) -> ThreadingHTTPServer:
    handler = type("Served", (Hub,), {"root": root})
    return ThreadingHTTPServer(("127.0.0.1", 0), handler)


if __name__ == "__main__":
    server = serve(Path(sys.argv[1]))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
