"""Schedules: pure functions from a split to a plan, one file per algorithm.

A scheduler is any object with ``plan(builder) -> Result``; see ``docs/add_a_scheduler.md``.
"""

from ssl_seg.schedulers.atso import ATSO
from ssl_seg.schedulers.curriculum import Curriculum
from ssl_seg.schedulers.self_learning import SelfLearning
from ssl_seg.schedulers.stso import STSO
from ssl_seg.schedulers.supervised import Supervised

__all__ = ["ATSO", "STSO", "Curriculum", "SelfLearning", "Supervised"]
