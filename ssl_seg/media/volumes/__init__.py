"""Volumes: NIfTI files, their voxel grids, and the cache that serves their slices by view."""
