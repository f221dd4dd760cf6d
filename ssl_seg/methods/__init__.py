"""How one training learns from its samples; the plug point ``method``, one file for each."""

from ssl_seg.methods.bcp import BCP
from ssl_seg.methods.cps import CPS
from ssl_seg.methods.fixmatch import FixMatch
from ssl_seg.methods.supervised import Supervised

__all__ = ["BCP", "CPS", "FixMatch", "Supervised"]
