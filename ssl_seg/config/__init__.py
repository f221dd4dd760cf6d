"""What a config file says: read it, check it, and turn it into an experiment that can be planned.

Imports without torch, so that plans can be printed at once and on a login node.
"""

from ssl_seg.config.experiment import Experiment, open_experiment
from ssl_seg.config.load import load_config

__all__ = ["Experiment", "load_config", "open_experiment"]
