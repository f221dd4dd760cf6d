"""Who walks a plan, and what people see of it meanwhile.

An executor is any object with ``run(stages, store, events)``, which runs the stages that the store
lacks, each after those it builds on, and reports each one's course to ``events``.
"""

from ssl_seg.execution.events import Events
from ssl_seg.execution.progress import progress
from ssl_seg.execution.serial import Serial

__all__ = ["Events", "Serial", "progress"]
