#!/usr/bin/env bash
# Brings up Podman: $LAB/bin/podman, for root and for the ordinary user each with a storage of its own, and in both the image
# localhost/base. Silent; fails with the reason when a container cannot be started.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

program=$LAB/bin/podman

# Settings that a test machine may need: crun refuses a host with both versions of control groups mounted, runc does not; a
# limit above what the machine grants is refused where root lacks CAP_SYS_RESOURCE.
wrapper() {
  local files
  files=$(ulimit -Hn)
  cat >"$LAB/containers.conf" <<END
[containers]
netns = "none"
log_driver = "k8s-file"
default_ulimits = ["nofile=$files:$files", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
END
  cat >"$program.new" <<END
#!/bin/sh
export CONTAINERS_CONF=$LAB/containers.conf
if [ "\$(id -u)" = 0 ]; then own=root; else own=user XDG_RUNTIME_DIR=$LAB/podman-user; export XDG_RUNTIME_DIR; fi
exec /usr/bin/podman --root $TREES/podman-\$own --runroot $LAB/podman-\$own/run --tmpdir $LAB/podman-\$own/tmp --storage-driver overlay "\$@"
END
  chmod 755 "$program.new" && mv "$program.new" "$program"
}

up_as() { # who: runs a command as root or as the ordinary user
  local said
  # After a restart of the machine, podman looks for the processes of containers that it believes to run, and gives up.
  "$@" "$program" info >/dev/null 2>&1 9>&- || "$@" "$program" system migrate >/dev/null 2>&1 9>&-
  if ! "$@" "$program" image exists localhost/base 2>/dev/null 9>&-; then
    tar -C "$TREES/base" --owner=0 --group=0 --numeric-owner --exclude=./.ptb-lab -c . |
      "$@" "$program" import -q - localhost/base >"$LAB/log/podman-import" 2>&1 9>&- ||
      die "cannot import localhost/base, see $LAB/log/podman-import"
  fi
  said=$("$@" "$program" run --rm localhost/base echo works 2>&1 9>&-)
  [ "$said" = works ] || die "a container cannot be started by $1: $said"
}

as_root() { (cd / && "$@"); }

begin podman
apt_need podman=podman runc=runc conmon=conmon newuidmap=uidmap catatonit=catatonit fuse-overlayfs=fuse-overlayfs
make_user
make_base
mkdir -p "$TREES/podman-root" "$TREES/podman-user" "$LAB/podman-root" "$LAB/podman-user"
chown $LAB_USER: "$TREES/podman-user" "$LAB/podman-user"
chmod 700 "$LAB/podman-user"
wrapper
up_as as_root
up_as as_user
