"""What the system says of a process in /proc, as Linux writes it: memory now and at most, threads."""

from __future__ import annotations

from pathlib import Path


def status(name: str, pid: int | str = "self") -> int:
    """A number of a process's status: VmRSS (memory now) and VmHWM (at most) in KiB, Threads.

    VmHWM counts from the start of the program. The `ru_maxrss` of getrusage counts what the process held that started
    it too.

    Raises:
        OSError: the system has no /proc.
    """
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise OSError(f"the system does not tell {name} of process {pid}")
