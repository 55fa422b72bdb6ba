#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one adaptation for $1 minutes and watches what it holds: memory, open files, threads, disk.
#
# Writes .build/soak/samples.csv and log.txt. Fails where the resident size of the last fifth of the time is
# more than $SOAK_GROWTH per cent (default 5) above that of the first fifth, both after a minute of warm-up,
# or where there are more open files at the end. On one thread, so that other work can go on beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
iapc=${IAPC_BINARY:-.build/release/iapc}
minutes=${1:-60}
out=.build/soak
growth=${SOAK_GROWTH:-5}
rm -rf "$out"
mkdir -p "$out"
export IAPC_CACHE="$out/cache" OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
pid=""
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true' EXIT

if [ -d /proc/self/fd ]; then
  resident() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"; }
  handles() { find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l; }
  threads() { awk '/^Threads/ { print $2 }' "/proc/$pid/status"; }
else
  resident() { ps -o rss= -p "$pid" | tr -d ' '; }
  handles() { lsof -p "$pid" 2>/dev/null | wc -l | tr -d ' '; }
  threads() { ps -M -p "$pid" | tail -n +2 | wc -l | tr -d ' '; }
fi

lines() { if [ -f "$1" ]; then wc -l <"$1" | tr -d ' '; else echo 0; fi; }

$iapc data streets --domain dusk --count 40 --seed 7 --size 320x240 --no-labels --output "$out/dusk" \
  >"$out/log.txt" 2>&1
$iapc adapt --config demo/adapt.yaml --weights demo/source.safetensors --images "$out/dusk/images" \
  --output "$out/run" --steps 10000000 --threads 1 --set schedule.total_steps=10000000 --set runtime.workers=2 \
  --set checkpoint.every=20 >>"$out/log.txt" 2>&1 &
pid=$!
until [ -s "$out/run/metrics.jsonl" ]; do
  kill -0 "$pid" 2>/dev/null || { tail -n 3 "$out/log.txt" >&2; exit 1; }
  sleep 1
done

echo "seconds,resident_kib,handles,threads,disk_kib,steps" >"$out/samples.csv"
started=$SECONDS
while [ $((SECONDS - started)) -lt $((minutes * 60)) ]; do
  kill -0 "$pid" 2>/dev/null || { tail -n 3 "$out/log.txt" >&2; exit 1; }
  disk=$(du -sk "$out/run" 2>/dev/null | cut -f 1)
  echo "$((SECONDS - started)),$(resident),$(handles),$(threads),$disk,$(lines "$out/run/metrics.jsonl")" \
    >>"$out/samples.csv"
  sleep 5
done

kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=""
[ "$status" = 143 ] || { echo "the run ended with $status, not with 143" >&2; exit 1; }
exec python3 scripts/soak-table.py "$out/samples.csv" --growth "$growth" --log "$out/log.txt"
