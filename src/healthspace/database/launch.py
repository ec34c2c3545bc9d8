"""Becomes a program that dies with its parent. Run by path, as a program of its own; it imports nothing of ours.

    python -I -S launch.py PARENT UID GID PROGRAM ARGUMENT…

A step between our process and PostgreSQL, and not a `preexec_fn`: Python code between fork and exec can deadlock in a
process that has threads. It starts as its parent's user, so that a Python that only this user can read is enough, gives up
its rights, and only then asks for the signal: prctl(2) PR_SET_PDEATHSIG is forgotten when the user changes. The signal
comes when the *thread* that started this program ends, so the caller keeps that thread alive.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, uid: int, gid: int, program: list[str]) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    # SIGQUIT is PostgreSQL's immediate shutdown; the next start recovers from the log. The fast one (SIGINT) can hang for
    # ever when it comes during a recovery (seen with 18.4), and nobody would be left to insist.
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # A parent that died before the line above sends no signal any more.
    if os.getppid() == parent:
        os.execv(program[0], program)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
