# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command and write what it cost to a descriptor.

usage: python3 -I -S measure.py DESCRIPTOR COMMAND...

A process counts the memory of the one that started it as its own until it has
become another program.  So commands are started from here, where little is
loaded, and not from the benchmark.
"""

import os
import sys
import time

descriptor = int(sys.argv[1])
begin = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ,
                          file_actions=[(os.POSIX_SPAWN_CLOSE, descriptor)])
_, status, usage = os.wait4(process, 0)
wall = time.perf_counter() - begin
os.write(descriptor, f"{os.waitstatus_to_exitcode(status)} {wall} "
                     f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}".encode())
