#!/usr/bin/env bash
# A Slurm cluster on this machine: two nodes of 2 CPUs and 2 pretended H100, on loopback, with accounting.
#
#   slurm.sh                     brings it up; silent; fails with the reason
#   slurm.sh kill-ctld           the controller dies (KILL): what it learned in the last seconds may be forgotten
#   slurm.sh restart-ctld        an orderly restart, state kept
#   slurm.sh freeze-ctld | thaw-ctld
#   slurm.sh kill-slurmd N       the daemon of node N dies; its jobs go on
#   slurm.sh start-slurmd N
#   slurm.sh max-submit N        how many jobs a user may have in the queue; -1 for any number
#   slurm.sh down                everything, forgetting all jobs
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=daemons.sh
. "$(dirname "$(readlink -f "$0")")/daemons.sh"

DIR=$LAB/slurm
PORT=${PTB_LAB_SLURM_PORT:-16917}
HOST=$(hostname -s)
export SLURM_CONF=$DIR/etc/slurm.conf
TOOLS='sbatch squeue scancel scontrol sacct sinfo'

configure() {
  local n tool
  mkdir -p "$DIR"/{etc,state,munge,dev,log,pid,spool.1,spool.2}
  chmod 755 "$DIR" "$DIR/munge"
  [ -s "$DIR/munge/key" ] || (umask 077 && head -c 128 /dev/urandom >"$DIR/munge/key")
  # Slurm numbers GPUs by character devices whose names end in a number. Nobody answers at NVIDIA's major number here.
  for n in 0 1; do [ -c "$DIR/dev/nvidia$n" ] || mknod -m 666 "$DIR/dev/nvidia$n" c 195 $n || die 'mknod failed'; done
  cat >"$SLURM_CONF" <<END
ClusterName=ptbtest
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$PORT
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$DIR/munge/socket,cred_expire=10
CredType=cred/munge
MpiDefault=none
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
PropagateResourceLimits=NONE
ReturnToService=2
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool.%n
SlurmctldPidFile=$DIR/state/ctld.pid
SlurmdPidFile=$DIR/state/slurmd.%n.pid
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/slurmd.%n.log
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=500
GresTypes=gpu
KillWait=5
MinJobAge=300
SlurmdTimeout=10
SlurmctldTimeout=10
MessageTimeout=5
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((PORT + 3))
AccountingStoragePass=$DIR/munge/socket
AccountingStorageEnforce=associations,limits
JobAcctGatherType=jobacct_gather/none
NodeName=1 NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((PORT + 1)) CPUs=2 RealMemory=8000 Gres=gpu:h100:2 State=UNKNOWN
NodeName=2 NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((PORT + 2)) CPUs=2 RealMemory=8000 Gres=gpu:h100:2 State=UNKNOWN
PartitionName=main Nodes=1,2 Default=YES MaxTime=INFINITE DefaultTime=60 State=UP
# What is submitted there takes the places of other jobs.
PartitionName=urgent Nodes=1,2 MaxTime=INFINITE DefaultTime=60 PriorityTier=10 State=UP
END
  cat >"$DIR/etc/gres.conf" <<END
AutoDetect=off
NodeName=1,2 Name=gpu Type=h100 File=$DIR/dev/nvidia[0-1]
END
  echo 'CgroupAutomount=no' >"$DIR/etc/cgroup.conf"
  (umask 077 && cat >"$DIR/etc/slurmdbd.conf") <<END
AuthType=auth/munge
AuthInfo=socket=$DIR/munge/socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((PORT + 3))
SlurmUser=root
LogFile=$DIR/log/slurmdbd.log
PidFile=$DIR/state/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((PORT + 4))
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
CommitDelay=1
END
  for tool in $TOOLS; do
    printf '#!/bin/sh\nSLURM_CONF=%s exec /usr/bin/%s "$@"\n' "$SLURM_CONF" "$tool" >"$LAB/bin/$tool"
    chmod 755 "$LAB/bin/$tool"
  done
}

start_database() {
  local sql=(mariadb --no-defaults -S "$DIR/db.sock" -e)
  if ! pid_of mariadbd >/dev/null; then
    [ -d "$DIR/db/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$DIR/db" --skip-test-db \
      --auth-root-authentication-method=socket --skip-name-resolve >"$DIR/log/install-db.out" 2>&1 || die 'no database'
    spawn mariadbd mariadbd --no-defaults --user=root --datadir="$DIR/db" --socket="$DIR/db.sock" --port=$((PORT + 4)) \
      --bind-address=127.0.0.1 --pid-file="$DIR/db.pid" --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900 \
      --innodb-flush-log-at-trx-commit=0 --skip-name-resolve --skip-log-bin
    wait_for 20 "${sql[@]}" 'select 1' || die "mariadbd does not start, see $DIR/log"
    "${sql[@]}" "create user if not exists slurm@'127.0.0.1' identified by 'slurm'; create database if not exists slurm;
      grant all on slurm.* to slurm@'127.0.0.1'" || die 'cannot set up the database'
  fi
  pid_of slurmdbd >/dev/null && return 0
  spawn slurmdbd slurmdbd -D
  wait_for 30 timeout 5 sacctmgr -n show cluster || die "slurmdbd does not answer, see $DIR/log"
  [ -n "$(sacctmgr -n show account lab 2>/dev/null)" ] || {
    sacctmgr -i add cluster ptbtest
    sacctmgr -i add account lab Cluster=ptbtest
    for user in root $LAB_USER; do sacctmgr -i add user "$user" Account=lab Cluster=ptbtest; done
  } >>"$DIR/log/sacctmgr.out" 2>&1
}

ctld_answers() { pid_of slurmctld && timeout 5 scontrol ping | grep -q 'is UP'; }
start_ctld() {
  pid_of slurmctld >/dev/null || spawn slurmctld slurmctld -D
  wait_for 20 ctld_answers || die "slurmctld does not answer, see $DIR/log"
}
start_slurmd() { pid_of "node$1" >/dev/null || spawn "node$1" slurmd -D -N "$1"; }
nodes_ready() { [ "$(timeout 5 sinfo -h -N -o '%N %T' | sort -u | grep -cE '^[12] (idle|mixed|allocated|completing)$')" = 2 ]; }

all_ready() {
  wait_for 5 nodes_ready && return
  # A node that an earlier fault left down.
  scontrol update NodeName=1,2 State=RESUME >/dev/null 2>&1
  wait_for 30 nodes_ready || die "nodes are not ready: $(sinfo -h -N -o '%N %T' | tr '\n' ' ')"
}

up() {
  apt_need slurmctld=slurmctld slurmd=slurmd sbatch=slurm-client munged=munge slurmdbd=slurmdbd \
    mariadbd=mariadb-server-core mariadb=mariadb-client-core
  [ -e /usr/lib/x86_64-linux-gnu/slurm-wlm/select_cons_tres.so ] || apt_need no-such-command=slurm-wlm-basic-plugins
  make_user
  configure
  if ! pid_of munged >/dev/null; then
    rm -f "$DIR/munge/socket"*
    spawn munged munged --foreground --force --key-file="$DIR/munge/key" --socket="$DIR/munge/socket" \
      --pid-file="$DIR/munge/pid" --seed-file="$DIR/munge/seed" --log-file="$DIR/log/munged.log"
    wait_for 10 test -S "$DIR/munge/socket" || die "munged does not start, see $DIR/log"
  fi
  start_database
  start_ctld
  start_slurmd 1
  start_slurmd 2
  all_ready
}

down() {
  local name
  for name in node1 node2 slurmctld; do send KILL "$name"; done
  for name in slurmdbd mariadbd munged; do send TERM "$name"; done
  rm -rf --one-file-system "${DIR:?}"
  for name in $TOOLS; do rm -f "$LAB/bin/$name"; done
}

begin slurm
case ${1:-up} in
  up) up ;;
  kill-ctld) send KILL slurmctld ;;
  restart-ctld) send TERM slurmctld && start_ctld ;;
  freeze-ctld) send STOP slurmctld ;;
  thaw-ctld) send CONT slurmctld && start_ctld ;;
  kill-slurmd) send KILL "node$2" ;;
  start-slurmd)
    start_slurmd "$2"
    all_ready
    ;;
  max-submit) sacctmgr -i modify user root set MaxSubmitJobs="$2" >>"$DIR/log/sacctmgr.out" 2>&1 || die 'sacctmgr failed' ;;
  down) down ;;
  *) die "no verb ${1:-}" ;;
esac
