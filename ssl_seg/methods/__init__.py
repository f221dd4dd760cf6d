"""How one training learns from its samples; the plug point ``method``, one file for each."""

from ssl_seg.methods.admt import ADMT
from ssl_seg.methods.bcp import BCP
from ssl_seg.methods.classmix import ClassMix
from ssl_seg.methods.cps import CPS
from ssl_seg.methods.fixmatch import FixMatch
from ssl_seg.methods.mean_teacher import MeanTeacher
from ssl_seg.methods.supervised import Supervised
from ssl_seg.methods.uamt import UAMT
from ssl_seg.methods.unimatch import UniMatch
from ssl_seg.methods.unimatch_v2 import UniMatchV2

__all__ = [
    "ADMT",
    "BCP",
    "CPS",
    "UAMT",
    "ClassMix",
    "FixMatch",
    "MeanTeacher",
    "Supervised",
    "UniMatch",
    "UniMatchV2",
]
