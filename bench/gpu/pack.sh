#!/usr/bin/env bash
# pack.sh FILE.tar.xz: what a machine without a network and without Node needs for run.sh, for x86-64 and Python 3.12: Node, the
# built ptb, the Python packages of containers/cpu.txt that come beside torch and transformers, Apptainer, bubblewrap.
#
# Needs a built checkout, pip, and the Apptainer of test/lab/apptainer.sh ($TREES/apptainer).
set -euo pipefail
target=$(realpath -m "$1")
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
pack=$scratch/ptb-gpu
mkdir -p "$pack/bin" "$pack/ptb"

cp "$(command -v node)" "$pack/bin/node"
strip "$pack/bin/node" || :

npm run --silent build
cp package.json package-lock.json "$scratch/"
(cd "$scratch" && npm ci --silent --omit=dev --ignore-scripts)
cp -R dist "$scratch/node_modules" "$pack/ptb/"

# inspect-ai and what it imports, in the versions of the profile cpu; the rest is beside torch already.
packages=(inspect-ai inspect-evals backoff datasets dill multiprocess pydantic pydantic-core annotated-types aioboto3 aiobotocore boto3
  botocore s3transfer jmespath aioitertools beautifulsoup4 soupsieve docstring-parser frozendict ijson jsonlines jsonpatch
  jsonpointer jsonpath-ng jsonref jsonschema jsonschema-specifications referencing rpds-py mmh3 nest-asyncio platformdirs
  python-dotenv s3fs semver shortuuid sniffio tenacity textual typing-inspection universal-pathlib pathlib-abc mdit-py-plugins
  linkify-it-py zipp)
for package in "${packages[@]}"; do
  { grep -iE "^${package//-/[-_.]}(\[[a-z0-9,]*\])?==" containers/cpu.txt || echo "$package"; } | tail -n 1 | sed 's/[ ;].*//; s/\[.*\]//'
done >"$scratch/requirements.txt"
platforms=()
for platform in manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014 manylinux_2_5 manylinux1; do
  platforms+=(--platform "${platform}_x86_64")
done
python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 --implementation cp "${platforms[@]}" \
  --dest "$scratch/wheels" -r "$scratch/requirements.txt"
for wheel in "$scratch"/wheels/*.whl; do python3 -m zipfile -e "$wheel" "$pack/site"; done
# Of what is left only what two of the real evals import; no web pages, no programs of other sandboxes, no list of cloud services.
(cd "$pack/site" && find inspect_evals -mindepth 1 -maxdepth 1 ! -name __init__.py ! -name constants.py ! -name gsm8k ! -name bfcl ! -name 'utils*' \
  -exec rm -rf {} + && rm -rf inspect_ai/binaries/* inspect_ai/_view/www botocore/data/*/ ./*.dist-info/RECORD)

trees=${PTB_LAB_TREES:-/srv/ptb-lab}
loader=usr/lib64/ld-linux-x86-64.so.2
for file in usr/bin/apptainer usr/libexec/apptainer etc/apptainer usr/etc usr/var var/lib/apptainer usr/lib/x86_64-linux-gnu/apptainer \
  "$loader"; do
  mkdir -p "$pack/apptainer/$(dirname "$file")"
  cp -a "$trees/apptainer/$file" "$pack/apptainer/$(dirname "$file")/"
done
# The program says where it looks for its loader; it lies there again on the other machine.
echo "$trees/apptainer" >"$pack/apptainer-goes-to"
libraries() { "$trees/apptainer/$loader" --list "$1" | awk '$3 ~ "^/" { print $3 }'; }
{ libraries "$trees/apptainer/usr/bin/apptainer"; libraries "$trees/apptainer/usr/libexec/apptainer/bin/starter"; } | sort -u |
  while read -r library; do cp -L "$library" "$pack/apptainer/usr/lib/x86_64-linux-gnu/"; done
[ ! -L "$pack/apptainer/$loader" ] || { rm "$pack/apptainer/$loader" && cp -L "$trees/apptainer/$loader" "$pack/apptainer/$loader"; }

mkdir -p "$pack/bwrap"
cp "$(command -v bwrap)" "$pack/bwrap/bwrap"
ldd "$pack/bwrap/bwrap" | awk '$3 ~ /selinux|pcre|cap/ { print $3 }' | xargs -I{} cp -L {} "$pack/bwrap/"
cat >"$pack/bin/bwrap" <<'END'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/../bwrap
exec env LD_LIBRARY_PATH="$here" "$here/bwrap" "$@"
END
chmod 755 "$pack/bin/bwrap"

mkdir -p "$(dirname "$target")"
tar -C "$scratch" -cf - ptb-gpu | xz -T2 -8 >"$target.tmp"
mv "$target.tmp" "$target"
ls -l "$target"
