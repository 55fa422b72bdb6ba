#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests under sanitizers: sanitize.sh [address] [thread] [OPTIONS OF swift test]
#
# `address` finds bad accesses, leaks and the undefined behaviour of C and C++; `thread` finds data races.
# Without a name both run. Each has a build of its own in .build/address and .build/thread.
#
# Reports go to files, for tests judge what a process writes and how it ends: one that expects a failure would
# take a report for it. A run with any report fails, whatever the tests say.
set -euo pipefail
cd "$(dirname "$0")/.."

kinds=()
while [[ "${1-}" =~ ^(address|thread)$ ]]; do
  kinds+=("$1")
  shift
done
[ "${#kinds[@]}" -gt 0 ] || kinds=(address thread)

# Tells the sanitizers of kind $1 what they need to know, and to leave their reports in the folder $2.
configure() {
  # One test asks for 4 PiB and has to be told no.
  local common="log_path='$2/report':exitcode=66:allocator_may_return_null=1:print_suppressions=0"
  export IAPC_SANITIZE=$1
  export ASAN_OPTIONS=$common:strict_string_checks=1:check_initialization_order=1
  export LSAN_OPTIONS=$common:suppressions="'$PWD/scripts/leaks.supp'"
  export UBSAN_OPTIONS=$common:print_stacktrace=1
  export TSAN_OPTIONS=$common:second_deadlock_stack=1
}

# Prints the reports of folder $1. That memory was refused is none.
print_reports() {
  local file
  for file in "$1"/*; do
    if [ -f "$file" ] && grep -qvE '^$|Sanitizer failed to allocate' "$file"; then swift demangle <"$file"; fi
  done
}

# Runs the tests under the sanitizer $1, with the further options of swift test.
check() {
  local kind=$1 log=$PWD/.build/$1.log folder=$PWD/.build/$1-reports flags=("--sanitize=$1") status=0 found
  shift
  # Swift has no undefined behaviour to look for; vptr asks for type tables that libtorch keeps to itself.
  if [ "$kind" = address ]; then flags+=(-Xcc -fsanitize=undefined -Xcc -fno-sanitize=vptr); fi
  rm -rf "$folder"
  mkdir -p "$folder"
  configure "$kind" "$folder"
  swift test -c release --disable-testable-imports "${flags[@]}" --scratch-path ".build/$kind" "$@" 2>&1 |
    tee "$log" || status=$?
  found=$(print_reports "$folder")
  {
    echo "== $kind"
    sed -n 's/^[^ ]* \(Test run with .*\)/\1/p; s/^[^ ]* \(.* skipped[:.]\)/\1/p' "$log"
    if [ -n "$found" ]; then echo "REPORTS: above, and in ${folder#"$PWD"/}"; else echo "no report"; fi
  } >"$log.summary"
  if [ -n "$found" ]; then
    printf '%s\n' "$found"
    status=1
  fi
  return "$status"
}

failed=""
for kind in "${kinds[@]}"; do check "$kind" "$@" || failed=yes; done
for kind in "${kinds[@]}"; do cat ".build/$kind.log.summary"; done
[ -z "$failed" ]
