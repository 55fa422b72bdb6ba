# SPDX-License-Identifier: Apache-2.0
"""Runs a command while it holds the lock of a file: with-lock.py LOCK COMMAND [ARGUMENT ...]

The command inherits the open file, so the system frees the lock when the last of its processes is gone.
"""

import fcntl
import os
import sys

lock = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("waiting for another set-up in this folder to end ...", file=sys.stderr, flush=True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
    except KeyboardInterrupt:
        sys.exit(130)
os.set_inheritable(lock, True)
os.execvp(sys.argv[2], sys.argv[2:])
