"""Adapters: what stands between a model and data that differ from what it was made for."""
