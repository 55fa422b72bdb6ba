# SPDX-License-Identifier: Apache-2.0
# What the set-up scripts share. Source it; it runs nothing by itself.

# The newest torch that is tried, and the range that is supported: 2.11 up to and with 2.13.x.
readonly torch_version=2.13.0 torch_range="2.11 to 2.13"

say() { printf '%s\n' "$*" >&2; }

# Ends the script with one line: what is wrong, and what to do.
stop() {
  say "set-up stopped: $*"
  exit 1
}

supported() {
  case "$1" in
    2.11.* | 2.12.* | 2.13.*) true ;;
    *) false ;;
  esac
}

# The name of the Python to use, or nothing.
find_python() { command -v python3 || command -v python || true; }

# Runs "$@" under the lock of the folder .libtorch, which ends with the process, however that ends.
under_lock() {
  local python
  python=$(find_python)
  mkdir -p .libtorch 2>/dev/null || stop "cannot write in $PWD: make it writable, or clone elsewhere"
  exec "$python" scripts/with-lock.py .libtorch/lock "$@"
}

# The free space on the disk of folder $1.
free_kilobytes() { df -Pk "$1" | awk 'NR == 2 { print $4 }'; }

# True when the log $1 of pip tells of a network that does not answer.
unreachable() {
  grep -qiE 'name resolution|nodename|timed out|unreachable|connection ?(error|refused|reset|broken)' "$1"
}

# What a failed pip left in the log $1, as one clause with its remedy.
pip_failure() {
  if grep -qi 'no space left' "$1" || [ "$(free_kilobytes .)" -lt 50000 ]; then
    echo "the disk is full: free 2 GB and run it again"
  elif unreachable "$1"; then
    echo "the package index cannot be reached: check the network, or pip's settings, and run it again"
  elif grep -qi 'no module named pip' "$1"; then
    echo "this Python has no pip: install pip for it and run it again"
  else
    echo "pip says: $(grep -m1 '^ERROR' "$1" || tail -n 1 "$1")"
  fi
}
