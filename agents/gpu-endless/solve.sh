#!/usr/bin/env bash
# An agent that does not stop when it is told to: it leaves the base model, then keeps the GPU busy for ever.
set -euo pipefail
trap '' TERM

say() { python3 -c 'import json, sys; print(json.dumps({"type": sys.argv[1], "text": sys.argv[2]}))' "$1" "$2"; }

folder="$(python3 -c 'import sys; from numpy_lm.hub import snapshot; print(snapshot(sys.argv[1]))' "$PTB_MODEL_BASE")"
cp -RL "$folder" final_model
chmod -R u+w final_model
say message 'final_model is the base model; from now on the GPU is kept busy.'
exec python3 -c '
import signal, torch
signal.signal(signal.SIGTERM, signal.SIG_IGN)
free, _ = torch.cuda.mem_get_info()
held = torch.empty(free // 2, dtype=torch.uint8, device="cuda")
left = torch.randn(8192, 8192, dtype=torch.bfloat16, device="cuda")
print("{\"type\": \"message\", \"text\": \"busy\"}", flush=True)
while True:
    left = (left @ left).clamp_(-1, 1)
    torch.cuda.synchronize()
'
