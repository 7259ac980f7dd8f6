#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs finetune-mpi under Slurm, on this machine alone: check_slurm.sh [FINETUNE-MPI]
#
# A job of two processes is requeued in the middle, as a scheduler does when a node fails, and goes on; another is told to stop by
# the signal that Slurm sends before a job's time is up. Both must end with the weights of `finetune`, to the bit. Debian, root:
# installs slurmctld, slurmd, munge and PMIx, and starts them with a configuration of its own, which it removes.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${1:-Examples/Cluster/.build/release/finetune-mpi}")
work=$(mktemp -d) host=$(hostname -s)

if ! command -v slurmctld > "$work/found"; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge libpmix2 > "$work/apt.txt"
fi

export SLURM_CONF=$work/slurm.conf
mkdir -p "$work/state" "$work/spool"
cat > "$SLURM_CONF" <<CONF
ClusterName=swiftlet
SlurmctldHost=$host
SlurmUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/linear
ReturnToService=2
NodeName=$host CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES State=UP
CONF

stop() {
  scancel --user root 2> "$work/scancel.txt" || true
  for daemon in slurmd slurmctld; do [ ! -f "$work/$daemon.pid" ] || kill "$(cat "$work/$daemon.pid")" || true; done
  [ "${ok-}" ] || tail -n 20 "$work"/slurm*.log >&2
  rm -rf "$work"
}
trap stop EXIT
mkdir -p /run/munge && chown munge: /run/munge
pgrep -x munged > "$work/found" || runuser -u munge -- /usr/sbin/munged
slurmctld -L "$work/slurmctld.log"
slurmd -L "$work/slurmd.log"
for _ in $(seq 60); do sinfo -h -o %T 2> "$work/sinfo.txt" | grep -q idle && break; sleep 1; done
sinfo

options=(--train Examples/Data/workshop/train.csv --labels-per-batch 6 --samples-per-label 32 --steps 8 --checkpoint-every 1 --quiet)
digest() { sha256sum < "$1/model.safetensors"; }
Examples/.build/release/finetune "${options[@]}" --output "$work/alone" > "$work/alone.txt"
expected=$(digest "$work/alone")

# NAME: submits a job that writes to $work/NAME, and waits for its second checkpoint.
submit() {
  cat > "$work/$1.sh" <<JOB
#!/bin/sh
#SBATCH --ntasks=2 --requeue --signal=USR1@60 --open-mode=append --output=$work/$1.log
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
exec srun --mpi=pmix $program ${options[*]} --output $work/$1 --resume
JOB
  job=$(sbatch --parsable "$work/$1.sh")
  for _ in $(seq 120); do [ -d "$work/$1/checkpoints/step-000002" ] && return; sleep 0.5; done
  cat "$work/$1.log"
  exit 1
}

# NAME: waits until the job has ended, and compares its weights.
check() {
  for _ in $(seq 240); do [ -n "$(squeue -h -j "$job" 2> "$work/squeue.txt")" ] || break; sleep 1; done
  cat "$work/$1.log"
  test "$(digest "$work/$1")" = "$expected"
  echo "ok  $1"
}

submit requeued
scontrol requeue "$job"
# Slurm holds a requeued job for two minutes, unless it is told to begin.
sleep 3
scontrol update JobId="$job" StartTime=now || true
check requeued

submit stopped
scancel --signal=USR1 "$job"
for _ in $(seq 60); do [ -n "$(squeue -h -j "$job")" ] || break; sleep 1; done
job=$(sbatch --parsable "$work/stopped.sh")
check stopped
ok=yes
