#!/usr/bin/env bash
# train.sh CELL OUTPUT: the training of one cell. It tells of its start and its end in the log beside it.
set -eu
log=$(dirname "$0")/log
echo "start $1 $$ ${EPOCHREALTIME/./}" >>"$log"
sleep 8
echo "model of $1" >"$2"
echo "end $1 $$ ${EPOCHREALTIME/./}" >>"$log"
