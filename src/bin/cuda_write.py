"""cuda_write.py COUNT: writes to the memory of each visible GPU and reads it back.

Needs the driver's library only.

Exits 0, or 1 with one line that says what failed.
"""

from __future__ import annotations

import ctypes
import sys

SIZE = 64 << 20
PATTERN = 0xA5


def check(code: int, call: str) -> None:
    if code != 0:
        sys.exit(f"{call}: CUDA error {code}")


def write(cuda: ctypes.CDLL, ordinal: int) -> None:
    device, context, memory = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
    check(cuda.cuDeviceGet(ctypes.byref(device), ordinal), "cuDeviceGet")
    check(cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device), "cuDevicePrimaryCtxRetain")
    check(cuda.cuCtxSetCurrent(context), "cuCtxSetCurrent")
    check(cuda.cuMemAlloc_v2(ctypes.byref(memory), ctypes.c_size_t(SIZE)), "cuMemAlloc")
    check(cuda.cuMemsetD8_v2(memory, ctypes.c_ubyte(PATTERN), ctypes.c_size_t(SIZE)), "cuMemsetD8")
    read = ctypes.create_string_buffer(SIZE)
    check(cuda.cuMemcpyDtoH_v2(read, memory, ctypes.c_size_t(SIZE)), "cuMemcpyDtoH")
    check(cuda.cuMemFree_v2(memory), "cuMemFree")
    check(cuda.cuDevicePrimaryCtxRelease_v2(device), "cuDevicePrimaryCtxRelease")
    if read.raw != bytes([PATTERN]) * SIZE:
        sys.exit(f"GPU {ordinal} does not keep what is written to it")


def main() -> None:
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        sys.exit(f"the CUDA driver's library cannot be loaded: {error}")
    check(cuda.cuInit(0), "cuInit")
    count = ctypes.c_int()
    check(cuda.cuDeviceGetCount(ctypes.byref(count)), "cuDeviceGetCount")
    if count.value < int(sys.argv[1]):
        sys.exit(f"CUDA sees {count.value} GPUs, asked for {sys.argv[1]}")
    for ordinal in range(count.value):
        write(cuda, ordinal)


if __name__ == "__main__":
    main()
