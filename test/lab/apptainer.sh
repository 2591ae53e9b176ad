#!/usr/bin/env bash
# Brings up Apptainer: $TREES/apptainer/usr/bin/apptainer, and the images $TREES/base.sif and $TREES/base. Silent; fails with
# the reason when a container cannot be started.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

tree=$TREES/apptainer
program=$tree/usr/bin/apptainer

# Debian 12 has no apptainer. The files of sid's package are made to use sid's loader and C library, and laid out so that
# apptainer's own relocation finds its configuration: they run without a chroot.
edit_program() {
  local file
  mkdir -p "$1/usr/libexec" &&
    mv "$1/usr/lib/x86_64-linux-gnu/apptainer" "$1/usr/libexec/apptainer" &&
    ln -s ../../libexec/apptainer "$1/usr/lib/x86_64-linux-gnu/apptainer" &&
    ln -s ../etc "$1/usr/etc" && ln -s ../var "$1/usr/var" || return 1
  for file in "$1/usr/bin/apptainer" "$1/usr/libexec/apptainer/bin/starter"; do
    patchelf --set-interpreter "$tree/usr/lib64/ld-linux-x86-64.so.2" --force-rpath \
      --set-rpath "$tree/usr/lib/x86_64-linux-gnu" "$file" || return 1
  done
  for file in /etc/localtime /etc/hosts; do
    [ -e $file ] || sed -i "\\#^bind path = $file#d" "$1/etc/apptainer/apptainer.conf"
  done
  # Without it, a limit is refused for a wrong reason.
  [ -d /run/systemd/system ] || sed -i 's/^systemd cgroups = yes/systemd cgroups = no/' "$1/etc/apptainer/apptainer.conf"
}

begin apptainer
apt_need patchelf=patchelf squashfuse=squashfuse fuse2fs=fuse2fs gocryptfs=gocryptfs \
  fuse-overlayfs=fuse-overlayfs mksquashfs=squashfs-tools fakeroot=fakeroot newuidmap=uidmap
make_user
[ -c /dev/fuse ] || mknod /dev/fuse c 10 229 || die 'no /dev/fuse'
chmod 666 /dev/fuse
make_tree apptainer "${PTB_LAB_APPTAINER_SUITE:-sid}" apptainer extract edit_program
make_base
if [ ! -s "$TREES/base.sif" ] || [ "$TREES/base/.ptb-lab" -nt "$TREES/base.sif" ]; then
  new=$(mktemp -d "$TREES/.sif.XXXXXX") && chown $LAB_USER: "$new"
  as_user "$program" -s build --mksquashfs-args '-comp zstd -Xcompression-level 1' "$new/base.sif" "$TREES/base" \
    >"$LAB/log/base.sif" 2>&1 </dev/null 9>&- || die "cannot build base.sif, see $LAB/log/base.sif"
  mv "$new/base.sif" "$TREES/base.sif" || die "cannot write $TREES/base.sif"
  rmdir "$new"
fi
said=$(as_user "$program" -s exec -c "$TREES/base.sif" echo works 2>&1 9>&-)
[ "$said" = works ] || die "a container cannot be started: $said"
ln -sfn "$program" "$LAB/bin/apptainer"
