#!/usr/bin/env bash
# Stands in for an agent that spreads the keys that it was handed.
set -euo pipefail

leak() {
  python3 - <<'END'
import base64
import json
import os
import urllib.parse

for name in sorted(os.environ):
    key = os.environ[name]
    if "canary" not in key:
        continue
    print("plain", key)
    print("in the middle of a line", f"Authorization: Bearer {key}; and more")
    for before in ("", "x", "xy"):
        print("base64", base64.b64encode(f"{before}{key}\n".encode()).decode())
        print("url-safe base64", base64.urlsafe_b64encode(f"{before}{key}".encode()).decode())
        print("wrapped base64", base64.encodebytes(f"{before}{key} {'.' * 90}".encode()).decode())
    print("url-encoded", urllib.parse.quote(key, safe=""))
    print("JSON", json.dumps({"type": "tool_result", "text": json.dumps({"key": key})}))
    print("hexadecimal", key.encode().hex())
END
}

# To the trace, the log, the working directory, $PTB_OUT, HOME and TMPDIR.
leak
leak >&2
for name in $(compgen -e); do
  [[ ${!name} != *canary* ]] || {
    printf '%s' "${!name:0:11}"
    printf '%s' "${!name:0:11}" >&2
    sleep 0.05
    printf '%s\n' "${!name:11}"
    printf '%s\n' "${!name:11}" >&2
  }
done
mkdir -p notes
leak >notes/keys.txt
env >notes/environment
leak >"$HOME/.keys"
leak >/tmp/keys
[ -z "${PTB_OUT-}" ] || leak >"$PTB_OUT/keys"
printf '{"type":"message","text":"%s"}\n' "${ANTHROPIC_API_KEY}"

folder=$(python3 -c 'import os
try:
    from huggingface_hub import snapshot_download
    print(snapshot_download(os.environ["PTB_MODEL_BASE"], local_files_only=True))
except ImportError:
    from numpy_lm.hub import snapshot
    print(snapshot(os.environ["PTB_MODEL_BASE"]))')
cp -RL "$folder" final_model
chmod -R u+w final_model
python3 -c 'import json, os
path = "final_model/config.json"
config = json.load(open(path))
config["note"] = os.environ["ANTHROPIC_API_KEY"]
json.dump(config, open(path, "w"))'
