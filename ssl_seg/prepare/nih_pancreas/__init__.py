"""NIH Pancreas-CT: from what is published to pairs of NIfTI volumes on one grid."""
