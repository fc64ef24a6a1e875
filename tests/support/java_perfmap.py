# SPDX-License-Identifier: GPL-2.0-or-later
# java_perfmap.py PID: has the Java process write its perf map, as jcmd does, which is in no JRE. The
# process may be in a container. Source: HotSpot, os/linux/attachListener_linux.cpp.
import os
import signal
import socket
import sys
import time

pid = int(sys.argv[1])
with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
	inside = next(line for line in status if line.startswith("NSpid:")).split()[-1]
tmp = f"/proc/{pid}/root/tmp"
path = f"{tmp}/.java_pid{inside}"
open(f"{tmp}/.attach_pid{inside}", "w", encoding="ascii").close()
for attempt in range(500):
	if os.path.exists(path):
		break
	if attempt % 50 == 0:
		os.kill(pid, signal.SIGQUIT)
	time.sleep(0.02)
with socket.socket(socket.AF_UNIX) as connection:
	connection.connect(path)
	connection.sendall(b"1\0jcmd\0Compiler.perfmap\0\0\0")
	answer = b""
	while part := connection.recv(4096):
		answer += part
sys.exit(0 if answer.startswith(b"0") else answer.decode(errors="replace"))
