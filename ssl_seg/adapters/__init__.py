"""Adapters: what stands between a model and data that differ from what it was made for.

An adapter is registered in ``ssl_seg.registry.ADAPTERS`` and has one method,
``around(predictor) -> predictor``: it changes what the predictor reads or what it returns.
"""
