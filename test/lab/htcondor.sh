#!/usr/bin/env bash
# An HTCondor pool on this machine: one node of 4 CPUs and 2 pretended H100, on loopback. HTCondor runs no job of root: the
# commands in $LAB/bin become the ordinary user first.
#
#   htcondor.sh                  brings it up; silent; fails with the reason
#   htcondor.sh kill-schedd      the scheduler dies (KILL); the master starts it again after some seconds
#   htcondor.sh max-jobs N       how many jobs a user may have in the queue
#   htcondor.sh freeze-schedd | thaw-schedd
#   htcondor.sh down             everything, forgetting all jobs
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=daemons.sh
. "$(dirname "$(readlink -f "$0")")/daemons.sh"

DIR=$LAB/htcondor
PORT=${PTB_LAB_CONDOR_PORT:-19718}
R=$TREES/condor
export CONDOR_CONFIG=$DIR/etc/condor_config
TOOLS='condor_submit condor_q condor_rm condor_history condor_hold condor_release condor_status condor_vacate_job'

# Debian 12 has no condor. The files of trixie's package are made to use trixie's loader and C library: no chroot is needed.
edit_condor() {
  local file patched=0
  for file in "$1"/usr/bin/condor_* "$1"/usr/sbin/condor_* "$1"/usr/sbin/procd_ctl "$1"/usr/sbin/gidd_alloc \
    "$1"/usr/libexec/condor/*; do
    if [ ! -f "$file" ] || [ -L "$file" ] || ! patchelf --print-interpreter "$file" >/dev/null 2>&1; then continue; fi
    patchelf --set-interpreter "$R/usr/lib64/ld-linux-x86-64.so.2" --force-rpath \
      --set-rpath "$R/usr/lib/x86_64-linux-gnu:$R/usr/lib" "$file" || return 1
    patched=$((patched + 1))
  done
  [ $patched -gt 20 ]
}

configure() {
  local tool uid gid home
  uid=$(id -u "$LAB_USER") gid=$(id -g "$LAB_USER") home=$(getent passwd "$LAB_USER" | cut -d: -f6)
  mkdir -p "$DIR"/{etc,pid,log,spool,execute,lock,run}
  chown "$uid:$gid" "$DIR"/{log,spool,execute,lock,run}
  chmod 1777 "$DIR/execute"
  cat >"$DIR/etc/gpus" <<'END'
#!/bin/sh
# What condor_gpu_discovery -properties prints on a machine with two H100.
echo 'DetectedGPUs="GPU-h1000001, GPU-h1000002"'
echo 'Common=[ Capability=9.0; DeviceName="NVIDIA H100 80GB HBM3"; DriverVersion=12.4; GlobalMemoryMb=81090; ]'
for n in 1 2; do
  echo "GPU_h100000$n=[ id=\"GPU-h100000$n\"; DeviceUuid=\"h100000$n-4445-5667-899a-abbccddeeff0\"; ]"
done
END
  chmod 755 "$DIR/etc/gpus"
  cat >"$CONDOR_CONFIG" <<END
RELEASE_DIR = $R/usr
LOCAL_DIR = $DIR
LOG = \$(LOCAL_DIR)/log
SPOOL = \$(LOCAL_DIR)/spool
EXECUTE = \$(LOCAL_DIR)/execute
LOCK = \$(LOCAL_DIR)/lock
RUN = \$(LOCAL_DIR)/run
BIN = \$(RELEASE_DIR)/bin
SBIN = \$(RELEASE_DIR)/sbin
LIB = \$(RELEASE_DIR)/lib
LIBEXEC = \$(RELEASE_DIR)/libexec/condor
SHARE = \$(RELEASE_DIR)/share/condor
DAEMON_LIST = MASTER COLLECTOR NEGOTIATOR SCHEDD STARTD
CONDOR_IDS = $uid.$gid
ENABLE_KERNEL_TUNING = False
CONDOR_HOST = 127.0.0.1
COLLECTOR_HOST = 127.0.0.1:$PORT
SHARED_PORT_PORT = $PORT
NETWORK_INTERFACE = 127.0.0.1
BIND_ALL_INTERFACES = False
ENABLE_IPV6 = False
NO_DNS = True
DEFAULT_DOMAIN_NAME = lab
UID_DOMAIN = lab
FILESYSTEM_DOMAIN = lab
TRUST_UID_DOMAIN = True
SEC_DEFAULT_AUTHENTICATION_METHODS = FS
ALLOW_READ = *
ALLOW_WRITE = *
ALLOW_DAEMON = *
ALLOW_NEGOTIATOR = *
ALLOW_ADMINISTRATOR = *
ALLOW_ADVERTISE_MASTER = *
NUM_CPUS = 4
MEMORY = 16000
NUM_SLOTS = 1
NUM_SLOTS_TYPE_1 = 1
SLOT_TYPE_1 = 100%
SLOT_TYPE_1_PARTITIONABLE = True
MACHINE_RESOURCE_INVENTORY_GPUs = $DIR/etc/gpus
ENVIRONMENT_FOR_AssignedGPUs = CUDA_VISIBLE_DEVICES=/CUDA//
ENVIRONMENT_VALUE_FOR_UnAssignedGPUs = 10000
START = True
SUSPEND = False
PREEMPT = False
KILL = False
MachineMaxVacateTime = 5
KILLING_TIMEOUT = 5
JOB_DEFAULT_LEASE_DURATION = 20
MOUNT_UNDER_SCRATCH =
JAVA =
DOCKER =
SINGULARITY =
NEGOTIATOR_INTERVAL = 1
NEGOTIATOR_MIN_INTERVAL = 1
NEGOTIATOR_CYCLE_DELAY = 1
SCHEDD_INTERVAL = 1
SCHEDD_MIN_INTERVAL = 1
JOB_START_DELAY = 0
UPDATE_INTERVAL = 2
MAX_JOBS_PER_OWNER = $(cat "$DIR/etc/max-jobs" 2>/dev/null || echo 100000)
MASTER_UPDATE_INTERVAL = 5
NEGOTIATOR_UPDATE_INTERVAL = 5
CLASSAD_LIFETIME = 15
MASTER_BACKOFF_CONSTANT = 2
MASTER_BACKOFF_CEILING = 5
PERIODIC_EXPR_INTERVAL = 2
Q_QUERY_TIMEOUT = 5
SEC_DEFAULT_AUTHENTICATION_TIMEOUT = 5
STARTER_INITIAL_UPDATE_INTERVAL = 1
STARTER_UPDATE_INTERVAL = 5
SHADOW_QUEUE_UPDATE_INTERVAL = 2
END
  for tool in $TOOLS; do
    cat >"$LAB/bin/$tool" <<END
#!/bin/sh
export CONDOR_CONFIG=$CONDOR_CONFIG
[ "\$(id -u)" != 0 ] ||
  exec setpriv --reuid=$uid --regid=$gid --init-groups env HOME=$home USER=$LAB_USER LOGNAME=$LAB_USER $R/usr/bin/$tool "\$@"
exec $R/usr/bin/$tool "\$@"
END
    chmod 755 "$LAB/bin/$tool"
  done
}

# The schedd's pid, as the master started it.
schedd() { ps -o pid=,comm= --ppid "$(pid_of master || echo 0)" | awk '$2 == "condor_schedd" { print $1 }'; }
answers() { [ -n "$("$LAB/bin/condor_status" -af Name)" ] && "$LAB/bin/condor_status" -schedd -af Name | grep -q . && "$LAB/bin/condor_q"; }

up() {
  apt_need patchelf=patchelf ps=procps
  make_user
  make_tree condor "${PTB_LAB_CONDOR_SUITE:-trixie}" condor extract edit_condor
  configure
  pid_of master >/dev/null || spawn master "$R/usr/sbin/condor_master" -f
  wait_for 30 answers || die "the pool does not answer, see $DIR/log"
}

down() {
  local pid
  for pid in $(schedd); do kill -s CONT "$pid"; done
  send QUIT master
  rm -rf --one-file-system "${DIR:?}"
  for tool in $TOOLS; do rm -f "$LAB/bin/$tool"; done
}

begin htcondor
case ${1:-up} in
  up) up ;;
  kill-schedd) kill -s KILL "$(schedd)" ;;
  max-jobs)
    echo "$2" >"$DIR/etc/max-jobs"
    configure
    "$R/usr/sbin/condor_reconfig" >>"$DIR/log/reconfig.out" 2>&1 || die 'condor_reconfig failed'
    ;;
  freeze-schedd) kill -s STOP "$(schedd)" ;;
  thaw-schedd) kill -s CONT "$(schedd)" ;;
  down) down ;;
  *) die "no verb ${1:-}" ;;
esac
