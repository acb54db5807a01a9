"""The machine in words that say what matters for a time, and not whose it is."""

import os
import platform
from pathlib import Path

import torch


def machine():
    """Lines of a table: what, value."""
    return [
        ["processor", processor()],
        ["cores", str(cores())],
        ["threads of torch", str(torch.get_num_threads())],
        ["torch", torch.__version__],
        ["Python", platform.python_version()],
        ["system", platform.system()],
        ["GPU", torch.cuda.get_device_name() if torch.cuda.is_available() else "none"],
    ]


def processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        named = []
    return named[0] if named else platform.processor() or platform.machine()


def cores():
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
