"""Peak memory. Of attention: live bytes of tensors above weights and input. Of a view: growth of the whole process."""

import resource
import subprocess
import sys
from pathlib import Path

import torch

from hot_core.cost.dry_run import LiveBytes
from tests.benchmarks.rivals import FORWARD, TRAINING

CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def peaks(bench, device):
    """Bytes for every rival, forward and training: tensors above weights, input and upstream gradient."""
    found = {}
    for name, module in bench.modules.items():
        for kind, step in ((FORWARD, forward), (TRAINING, training)):
            measure = on_cuda if torch.device(device).type == "cuda" else by_birth_and_death
            found[kind, bench.grid.name, name] = measure(step, bench, module)
    return found


def forward(bench, module):
    with torch.no_grad():
        module(bench.x)


def training(bench, module):
    x = bench.x.detach().requires_grad_()
    module(x).backward(bench.upstream)
    del x
    module.zero_grad(set_to_none=True)


def by_birth_and_death(step, bench, module):
    """Every tensor's storage from its birth to its death, seen by a dispatch mode."""
    live = LiveBytes([bench.x, bench.upstream, *module.parameters(), *module.buffers()])
    with live:
        step(bench, module)
    return live.peak


def on_cuda(step, bench, module):
    """What the CUDA allocator had given out."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    step(bench, module)
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def growth(call):
    """Bytes by which the largest resident size during a call exceeds the resident size before it."""
    try:
        CLEAR.write_text("5", encoding="ascii")  # Linux: begin the high-water mark anew
        before = status("VmRSS")
        call()
        return max(status("VmHWM") - before, 0)
    except OSError:  # elsewhere: the mark of the whole life, which hides what stays below it
        before = high_water()
        call()
        return high_water() - before


def status(name):
    """A line of /proc/self/status, in bytes."""
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def high_water():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def in_a_fresh_process(*arguments):
    """Run `python -m tests.benchmarks.views ARGUMENTS` and read the number that it prints."""
    command = [sys.executable, "-m", "tests.benchmarks.views", *map(str, arguments)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
