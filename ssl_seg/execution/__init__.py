"""Who walks a plan, and what people see of it meanwhile."""

from ssl_seg.execution.events import Events
from ssl_seg.execution.executor import Executor
from ssl_seg.execution.progress import progress
from ssl_seg.execution.serial import Serial

__all__ = ["Events", "Executor", "Serial", "progress"]
