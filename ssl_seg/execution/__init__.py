"""Who walks a plan, and what people see of it meanwhile.

An executor is any object with ``run(stages, store, progress)``, which runs the stages that the
store lacks, each after those it builds on.
"""

from ssl_seg.execution.progress import Progress, progress
from ssl_seg.execution.serial import Serial

__all__ = ["Progress", "Serial", "progress"]
