"""What finished stages left on disk: whole artifacts under their fingerprints, one writer."""

from ssl_seg.store.lock import WorkDirInUseError, writer_lock
from ssl_seg.store.store import Store

__all__ = ["Store", "WorkDirInUseError", "writer_lock"]
