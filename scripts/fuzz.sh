#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes the file readers, one after another: fuzz.sh MINUTES [READER...]. See CONTRIBUTING.md.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=$1
shift
if ! [[ $minutes =~ ^[1-9][0-9]*$ ]]; then
  echo "MINUTES is a whole number of at least 1, found $minutes" >&2
  exit 2
fi
[ $# -gt 0 ] || set -- pickle zip safetensors png jpeg webp tiff bmp config dataset list
home=.build/fuzz
fuzz=$home/release/fuzz
table=$home/table.txt
scratch=$(mktemp -d "$(if [ -w /dev/shm ]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi)/iapc-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# SwiftPM keeps the two sanitizers in a set; named in another order, everything would be built anew.
export SWIFT_DETERMINISTIC_HASHING=1
IAPC_FUZZ=1 nice swift build -c release --product fuzz --scratch-path $home \
  --sanitize fuzzer --sanitize address
unset SWIFT_DETERMINISTIC_HASHING

# Real files of reader $1 beside those of its corpus, as one folder.
seeds() {
  local folder=$home/seeds/$1 fixtures=Tests/TorchTests/Fixtures/checkpoints
  local pictures=Tests/ImagingTests/Fixtures/pictures
  local oriented=Tests/ImagingTests/Fixtures/oriented formats=Tests/ImagingTests/Fixtures/formats
  rm -rf "$folder"
  mkdir -p "$folder"
  case $1 in
    pickle) cp $fixtures/*.legacy.pth $fixtures/*.pkl "$folder" ;;
    zip) cp $fixtures/*.zip* $fixtures/*.protocol4.pth "$folder" ;;
    safetensors) cp $fixtures/*.safetensors "$folder" ;;
    png) cp $pictures/*.png $oriented/*.png "$folder" ;;
    jpeg) cp $pictures/*.jpg $oriented/*.jpg "$folder" ;;
    webp) cp $formats/*.webp "$folder" ;;
    tiff) cp $formats/*.tif "$folder" ;;
    bmp) cp $formats/*.bmp "$folder" ;;
    config) cp configs/*.yaml configs/ablations/*.yaml "$folder" ;;
  esac
}

# libtorch is not instrumented: memory that it or Swift's runtime keeps until the end is no leak of a reader,
# and what it gives to instrumented code of a std::vector is not annotated.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=64:detect_container_overflow=0:allocator_may_return_null=1
# The sanitizer's report tells where; Swift's own handler would get in its way.
export SWIFT_BACKTRACE=enable=no OMP_NUM_THREADS=1 TMPDIR=$scratch

# The last number that pattern $2 finds in the log $1.
number() { sed -n "s/.*$2 *\([0-9][0-9]*\).*/\1/p" "$1" | tail -n 1; }

fuzz_reader() {
  local reader=$1 log=$home/$1.log start=$SECONDS findings=0
  seeds "$reader"
  mkdir -p "$home/found/$reader" "$home/findings"
  echo "$reader: $minutes minutes, see $log"
  IAPC_FUZZ_READER=$reader nice -n 15 $fuzz "$home/found/$reader" "Fuzz/Corpus/$reader" "$home/seeds/$reader" \
    -dict="Fuzz/Dictionaries/$reader.dict" -artifact_prefix="$home/findings/$reader-" \
    -max_total_time=$((minutes * 60)) -max_len=65536 -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=256 \
    -detect_leaks=0 -print_final_stats=1 >"$log" 2>&1 || findings=1
  printf '%s|%s|%s|%s|%s|%s\n' "$reader" "$(number "$log" 'number_of_executed_units:')" \
    $(((SECONDS - start + 30) / 60)) "$(number "$log" 'average_exec_per_sec:')" \
    "$(number "$log" 'cov:')" $findings >>$table
  [ $findings = 0 ] || grep -m 3 -E 'ERROR|Fatal error|Test unit written' "$log" || tail -n 3 "$log"
}

echo 'reader|executions|minutes|executions/s|edges|findings' >$table
for reader; do fuzz_reader "$reader"; done
column -t -s '|' $table
! grep -q '|1$' $table
