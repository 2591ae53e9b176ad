"""The process that runs an answer, handed over as text after wire.py. Only values that it says are believed.

stdin: a line {"code", "entry_point", "memory", "seconds"}, then lines {"args", "kwargs"}. stdout: for each
line one of {"value"} or {"error"}.
"""

import contextlib
import ctypes
import os
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .wire import dumps, loads


def main() -> None:
    # What the answer prints must not get between the lines.
    wire_in, wire_out = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)

    def say(name: str, value: Any) -> None:
        wire_out.write(dumps({name: value}))
        wire_out.flush()

    task = loads(wire_in.readline())
    limit(task["memory"], task["seconds"])
    become_nobody()
    fence()
    namespace: dict[str, Any] = {"__name__": "answer"}
    try:
        exec(compile(task["code"], "answer", "exec"), namespace)
        function: Any = namespace[task["entry_point"]]
        say("value", None)
        for line in wire_in:
            asked = loads(line)
            try:
                say("value", function(*asked["args"], **asked["kwargs"]))
            except Exception as error:
                say("error", type(error).__name__)
    except BaseException as error:
        say("error", type(error).__name__)


def limit(memory: int, seconds: int) -> None:
    """Hard limits: bytes of address space, seconds of processor time, 16 MB per file, no further process."""
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 1 << 24,
        resource.RLIMIT_CORE: 0,
        getattr(resource, "RLIMIT_NPROC", resource.RLIMIT_CORE): 0,
    }
    for what, most in limits.items():
        # macOS refuses some of them.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


def become_nobody() -> None:
    """Root may look into every process. In a user namespace of its own it cannot change, and need not."""
    # Nobody must still be able to import.
    readable = all(folder.stat().st_mode & 0o005 == 0o005 for folder in Path(os.__file__).resolve().parents)
    if os.getuid() == 0 and readable:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)


def fence() -> None:
    """Landlock (Linux 5.13): no file may be written and none read but Python's and the system's own; no
    process outside may be traced, nor signalled (6.12), and no TCP connection be made (6.7). What the kernel
    lacks is left out.

    Numbers and layouts: linux/landlock.h; the system calls 444 to 446 are the same on all architectures.
    """
    libc = ctypes.CDLL(None)
    version = libc.syscall(444, None, 0, 1)
    if version < 1:
        return
    execute, read_file, read_dir = 1 << 0, 1 << 2, 1 << 3
    last_of_version = {1: 12, 2: 13, 3: 14, 4: 14}.get(version, 15)
    every = (1 << (last_of_version + 1)) - 1
    bind_and_connect, sockets_and_signals = 3, 3
    ruleset = (ctypes.c_uint64 * 3)(every, bind_and_connect, sockets_and_signals)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = libc.syscall(444, ctypes.byref(ruleset), ctypes.c_size_t(size), 0)
    for path in ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", sys.base_prefix):
        with contextlib.suppress(OSError):
            folder = os.open(path, os.O_PATH)
            allowed = execute | read_file | (read_dir if Path(path).is_dir() else 0)
            rule = allowed.to_bytes(8, sys.byteorder) + folder.to_bytes(4, sys.byteorder)
            libc.syscall(445, rules, 1, rule, 0)
            os.close(folder)
    no_new_privileges = 38
    libc.prctl(no_new_privileges, 1, 0, 0, 0)
    libc.syscall(446, rules, 0)
    os.close(rules)


main()
