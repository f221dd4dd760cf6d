import json
import platform
import sys
from importlib.util import find_spec

import cv2
import pytest
import torch

from ssl_seg.runner.environment import ALLOCATOR_SWITCH, device_name, prepare_process, versions

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("count", [1, 2])
def test_sums_are_divided_over_the_configured_threads(threads, count):
    prepare_process(count)
    assert torch.get_num_threads() == count
    assert cv2.getNumThreads() == 1


@needs_glibc
def test_freed_memory_is_kept(command):
    """By default every large block is mapped and zeroed again, page by page."""
    kept = json.loads(command.call("page_faults", prepare=True).log)
    given_back = json.loads(command.call("page_faults", prepare=False).log)
    # The system may take some pages back meanwhile.
    assert 3 * kept < given_back


@needs_glibc
def test_the_switch_leaves_the_allocator_alone(command):
    off = command.call("page_faults", prepare=True, environment={ALLOCATOR_SWITCH: "0"})
    given_back = json.loads(command.call("page_faults", prepare=False).log)
    assert json.loads(off.log) == pytest.approx(given_back, rel=0.1)


def test_versions_and_device_are_noted():
    noted = versions()
    assert noted["python"] == sys.version.split()[0]
    assert noted["torch"] == torch.__version__
    assert noted["cv2"] == cv2.__version__
    assert noted["mmcv"].endswith(" (lite)") is (find_spec("mmcv._ext") is None)
    assert {"nibabel", "scipy", "PIL", "mmengine", "mmseg", "numpy", "ssl_seg"} < noted.keys()
    assert device_name()
