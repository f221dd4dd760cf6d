"""Made-up data in real data sets' layouts, for demos and tests without a download."""

from ssl_seg.data.phantoms.street import write_street

__all__ = ["write_street"]
