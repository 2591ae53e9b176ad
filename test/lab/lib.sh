#!/usr/bin/env bash
# What the scripts of this folder share. They bring real sandbox programs up on a Debian machine, as root, from the archive
# that its own apt sources name. Sourced.
#
# LAB    state: locks, logs, bin/             /tmp/ptb-test-lab
# TREES  program trees and images, kept       /srv/ptb-lab
# LAB_USER  the ordinary user of the tests    ptbu, uid 1500

set -uo pipefail
umask 022
export LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin

LAB=${PTB_TEST_LAB:-/tmp/ptb-test-lab}
TREES=${PTB_LAB_TREES:-/srv/ptb-lab}
LAB_USER=ptbu
LAB_UID=1500

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# begin NAME: makes the state folders; one script of that name at a time.
begin() {
  [ "$(id -u)" = 0 ] || die 'must be run as root'
  mkdir -p "$LAB/bin" "$LAB/log" "$TREES" || die "cannot create $LAB or $TREES"
  [ -O "$LAB" ] || die "$LAB belongs to somebody else"
  exec 9>"$LAB/log/$1.lock"
  flock -w 600 9 || die "another run holds $LAB/log/$1.lock"
}

# apt_need COMMAND=PACKAGE...: installs the packages whose command is missing.
apt_need() {
  local pair packages=()
  for pair; do command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}"); done
  [ ${#packages[@]} -gt 0 ] || return 0
  local install=(apt-get -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install)
  export DEBIAN_FRONTEND=noninteractive
  # The packages' own services stay down: the lab has its own.
  local policy=/usr/sbin/policy-rc.d made=''
  [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && made=1; }
  # A trap outlives its function, and would come again at the return of who called it.
  trap '[ -z "$made" ] || rm -f /usr/sbin/policy-rc.d; trap - RETURN' RETURN
  {
    "${install[@]}" "${packages[@]}" || { apt-get -qq -o Acquire::Retries=3 update && "${install[@]}" "${packages[@]}"; }
  } >"$LAB/log/apt" 2>&1 9>&- </dev/null || {
    tail -n 5 "$LAB/log/apt" >&2
    die "apt-get install ${packages[*]} failed, see $LAB/log/apt"
  }
  hash -r
}

# mirror: the archive that this machine's own apt sources name.
mirror() {
  { cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null || :; } |
    awk '/^URIs:/ { for (i = 2; i <= NF; i++) print $i }
         /^deb[ \t]/ { sub(/^deb[ \t]+(\[[^]]*\][ \t]*)?/, ""); print $1 }' |
    sed 's#/*$##' | grep -E '/debian$' | head -n 1 | grep . || die 'no Debian archive in /etc/apt/sources.list*'
}

# make_tree NAME SUITE PACKAGES VARIANT EDIT: $TREES/NAME, built aside, changed by the function EDIT, and renamed when
# complete: its marker holds these arguments.
make_tree() {
  local name=$1 suite=$2 wanted=$3 variant=$4 edit=$5 from new
  local mark="1 $name $suite $wanted $variant"
  [ "$(cat "$TREES/$name/.ptb-lab" 2>/dev/null)" != "$mark" ] || return 0
  apt_need mmdebstrap=mmdebstrap
  from=$(mirror) || exit 1
  new=$TREES/.$name.new
  rm -rf --one-file-system "$new"
  {
    mmdebstrap --quiet --mode=root --variant="$variant" --include="$wanted" \
      --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' \
      --aptopt='APT::Install-Recommends "false"' \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
      --dpkgopt='path-exclude=/usr/share/locale/*' \
      "$suite" "$new" "$from" && "$edit" "$new"
  } >"$LAB/log/tree-$name" 2>&1 9>&- </dev/null || {
    grep -E '^(E:|W:|error)' "$LAB/log/tree-$name" | tail -n 5 >&2
    die "cannot build $TREES/$name, see $LAB/log/tree-$name"
  }
  echo "$mark" >"$new/.ptb-lab"
  rm -rf --one-file-system "${TREES:?}/$name"
  mv "$new" "$TREES/$name" || die "cannot rename $new"
}

# make_user: the ordinary user, with ids that it may map in a user namespace.
make_user() {
  local file
  getent passwd $LAB_USER >/dev/null || { groupadd -g $LAB_UID $LAB_USER && useradd -m -u $LAB_UID -g $LAB_USER $LAB_USER; } ||
    die "cannot create user $LAB_USER"
  for file in /etc/subuid /etc/subgid; do
    grep -q "^$LAB_USER:" $file 2>/dev/null || echo "$LAB_USER:100000:65536" >>$file
  done
}

# as_user COMMAND...: as the ordinary user, with its home.
as_user() {
  local home
  home=$(getent passwd $LAB_USER | cut -d: -f6)
  (cd / && setpriv --reuid=$LAB_USER --regid=$LAB_USER --init-groups env HOME="$home" USER=$LAB_USER LOGNAME=$LAB_USER "$@")
}

# make_base: $TREES/base, a small Debian of this machine's release with bash, python3 and ps, owned by the ordinary user.
make_base() {
  # shellcheck source=/dev/null
  make_tree base "$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")" \
    bash,python3-minimal,procps,libstdc++6,ca-certificates,tzdata essential edit_base
}

# Without device files, which an ordinary user could not copy into an image.
edit_base() {
  rm -rf --one-file-system "${1:?}"/dev/* "${1:?}"/var/cache/apt/* "${1:?}"/var/lib/apt/lists/*
  mkdir -p "$1/work" "$1/data"
  [ -e "$1/etc/localtime" ] || ln -s /usr/share/zoneinfo/Etc/UTC "$1/etc/localtime"
  [ -e "$1/etc/hosts" ] || echo '127.0.0.1 localhost' >"$1/etc/hosts"
  chown -R -h $LAB_USER: "$1"
}
