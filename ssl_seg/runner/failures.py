"""What an error of mmsegmentation, mmcv or torch in a first step means for a config."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from ssl_seg.core.errors import UserError, raised_in

_THIRD_PARTY = ("cv2", "mmcv", "mmengine", "mmseg", "numpy", "PIL", "torch")

_CHANNELS = (
    "Channels do not fit: what the pipeline makes (LoadImageFromFile.color_type, LoadSlices), "
    "data_preprocessor.mean and std, backbone.in_channels and the heads' in_channels must agree"
)
_DIVISOR = (
    "The network takes multiples of some size only: let the preprocessor pad what is labeled, "
    "model.data_preprocessor.test_cfg=dict(size_divisor=32), and crop training samples to a "
    "multiple (RandomCrop; model.test_cfg.crop_size where mode='slide')"
)
_PACKED = "The pipeline must begin with a loader (LoadImageFromFile) and end in PackSegInputs"
_CAUSES: tuple[tuple[str, str], ...] = (
    (
        "Expected more than 1 value per channel",
        "Batch normalisation of a pooled branch (ASPP, PSP) needs more than one sample: set "
        "train_dataloader.batch_size to 2 or more, or take norm_cfg=dict(type='GN', num_groups=…)",
    ),
    (
        "stack expects each tensor to be equal size",
        "Samples of one batch differ in size: let the pipeline crop them (RandomCrop) or resize "
        "them (Resize, keep_ratio=False), or let model.data_preprocessor pad them: size, or "
        "size_divisor",
    ),
    (r"expected input.* to have \d+ channels", _CHANNELS),
    ("channels of all inputs must be the same", _CHANNELS),
    (r"at non-singleton dimension 0", _CHANNELS),
    ("should be divisible by", _DIVISOR),
    (r"Sizes of tensors must match except in dimension", _DIVISOR),
    (r"at non-singleton dimension [123]", _DIVISOR),
    (
        r"Kernel size can't be greater|[Oo]utput size is too small|should be smaller than",
        "The input is too small for the network: use larger crops or images, or a network with a "
        "smaller stride",
    ),
    (
        r"can't convert np\.ndarray of type numpy\.uint16|\"(UInt16|uint16)\"",
        "16-bit pictures with color_type='unchanged' are none that torch can take; leave "
        "color_type out, or write 8-bit pictures",
    ),
    (
        "^list index out of range",
        "A head's in_index must number outputs of the backbone (out_indices), from 0",
    ),
    (r"^'(img|img_path|inputs|data_samples)'$", _PACKED),
    (
        "object has no attribute 'mode'",
        "Give model.test_cfg=dict(mode='whole'), or mode='slide' with crop_size and stride",
    ),
    (
        "out of memory",
        "Use a smaller batch (train_dataloader.batch_size) or crop, mixed precision (--amp), or "
        "for labelling model.test_cfg=dict(mode='slide', …)",
    ),
    (
        r"Target \d+ is out of bounds|Class values must be",
        "Labels are beyond what a head predicts: num_classes of all heads must be the number of "
        "classes",
    ),
)

_IN_FILES = {
    "focal_loss.py": (
        "FocalLoss of mmsegmentation does not work on a CPU, where it compares one class only "
        "(open-mmlab/mmsegmentation#3249): train on a GPU, or use CrossEntropyLoss"
    ),
}
"""Causes told by the file that raises, where messages say nothing."""


def explained(error: Exception, title: str, attempt: str) -> Exception:
    """Return what to raise in place of an error: a message for what a config can mend.

    Args:
        error: as caught.
        title: of the stage.
        attempt: what failed, and on what.

    Returns:
        A `UserError` that names the stage for what other packages raised, and for a `UserError`;
        any other error itself, with a note: it is a fault of this program or of a plug-in, whose
        trace is needed.
    """
    if isinstance(error, UserError):
        return UserError(f"{title}: {error}")
    if not raised_in(error, *_THIRD_PARTY):
        error.add_note(f"This happened in {attempt} of the stage '{title}'.")
        return error
    return _told(error, f"{title}: {attempt}", known_cause(error))


@contextmanager
def naming_known_causes(attempt: str) -> Iterator[None]:
    """Turn errors of other packages whose cause is known into messages, and leave all others.

    Raises:
        UserError: in place of such an error.
    """
    try:
        yield
    except Exception as error:
        cause = known_cause(error)
        if cause is None or isinstance(error, UserError):
            raise
        raise _told(error, attempt, cause) from error


def known_cause(error: Exception) -> str | None:
    """Return what an error of another package means for a config, and what to do about it."""
    if not raised_in(error, *_THIRD_PARTY):
        return None
    by_file = _IN_FILES.get(_file(error.__traceback__))
    by_message = (cause for pattern, cause in _CAUSES if re.search(pattern, _words(error)))
    return by_file or next(by_message, None)


def _told(error: Exception, attempt: str, cause: str | None) -> UserError:
    advice = "" if cause is None else f". {cause}"
    return UserError(f"{attempt} fails: {type(error).__name__}: {_words(error)}{advice}")


def _words(error: Exception) -> str:
    # Some only assert; the line says what.
    return " ".join(str(error).split()) or traceback.extract_tb(error.__traceback__)[-1].line or ""


def _file(trace: TracebackType | None) -> str:
    """Return the name of the file that a trace ends in."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else trace.tb_frame.f_code.co_filename.rpartition("/")[2]
