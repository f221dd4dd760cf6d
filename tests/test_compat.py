"""The third-party stack imports, finds its configs and loads weights without running code.

Import state is a process's, so what depends on it is tried in processes of its own. They fork from
one that has imported torch and mmengine, where it makes no difference.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from mmengine.config import Config

from ssl_seg.compat import forbid_pickles, import_mmseg, patch_config_paths
from ssl_seg.core.errors import UserError

ROOT = Path(__file__).parents[1]
DEEPLAB = "mmseg::_base_/models/deeplabv3plus_r50-d8.py"

without_compiled_ops = pytest.mark.skipif(
    find_spec("mmcv._ext") is not None, reason="compiled mmcv is installed"
)


@pytest.fixture(scope="module")
def fork_python():
    """Return a function that runs code, with variables given, where neither mmcv nor mmseg is."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["torch", "mmengine.runner"])

    def run(code: str, **variables: str) -> None:
        process = processes.Process(target=exec, args=(code, variables))
        process.start()
        process.join()
        assert process.exitcode == 0  # standard error says why

    return run


def run_python(code: str, *args: object) -> None:
    """Run code in a fresh interpreter; what it prints to stderr becomes the failure's message."""
    command = [sys.executable, "-c", code, *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def load(tmp_path):
    """Return a function that loads a config with the given base."""
    patch_config_paths()

    def load_base(base: str) -> Config:
        path = tmp_path / "config.py"
        path.write_text(f"_base_ = [{base!r}]\n")
        return Config.fromfile(str(path))

    return load_base


def scope_marks(value: object) -> list[object]:
    """Return the values of all ``_scope_`` keys."""
    if isinstance(value, dict):
        own = [value["_scope_"]] if "_scope_" in value else []
        return own + [mark for item in value.values() for mark in scope_marks(item)]
    if isinstance(value, (list, tuple)):
        return [mark for item in value for mark in scope_marks(item)]
    return []


@without_compiled_ops
def test_all_of_mmseg_registers_and_its_surroundings_stay_as_they_were(fork_python):
    fork_python(
        """
import sys
from ssl_seg.compat import import_mmseg
import_mmseg()
from mmengine.registry import DefaultScope
from mmengine.utils.dl_utils import mmcv_full_available
from mmseg import registry
assert mmcv_full_available() is False
assert "mmcv._ext" not in sys.modules
assert DefaultScope.get_current_instance() is None
for name, group in {
    "EncoderDecoder": registry.MODELS,
    "DepthwiseSeparableASPPHead": registry.MODELS,
    "MixVisionTransformer": registry.MODELS,
    "CityscapesDataset": registry.DATASETS,
    "PackSegInputs": registry.TRANSFORMS,
    "IoUMetric": registry.METRICS,
    "SegLocalVisualizer": registry.VISUALIZERS,
}.items():
    assert name in group.module_dict, name
"""
    )


def test_deeplabv3plus_on_mobilenetv2_trains_beside_a_runner(fork_python, tmp_path):
    config = tmp_path / "config.py"
    config.write_text(
        f"""
_base_ = [{DEEPLAB!r}]
norm_cfg = dict(type="BN")
loss = dict(type="CrossEntropyLoss", avg_non_ignore=True)
model = dict(
    data_preprocessor=dict(size=(64, 64)),
    pretrained=None,
    backbone=dict(
        _delete_=True, type="MobileNetV2", strides=(1, 2, 2, 2, 1, 2, 1), out_indices=(1, 2, 4, 6),
        norm_cfg=norm_cfg,
    ),
    decode_head=dict(
        in_channels=320, c1_in_channels=24, channels=16, num_classes=5, norm_cfg=norm_cfg,
        loss_decode=loss,
    ),
    auxiliary_head=dict(
        in_channels=96, channels=16, num_classes=5, norm_cfg=norm_cfg, loss_decode=loss,
    ),
)
"""
    )
    fork_python(
        """
from ssl_seg.compat import import_mmseg, patch_config_paths
patch_config_paths()
import_mmseg()
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
sample = SegDataSample(gt_sem_seg=PixelData(data=torch.randint(0, 5, (1, 64, 64))))
sample.set_metainfo(dict(img_shape=(64, 64), ori_shape=(64, 64)))
batch = dict(inputs=[torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)] * 2,
             data_samples=[sample] * 2)
config = Config.fromfile(config)
runner = Runner(config.model, work_dir=work_dir, default_scope="mmseg")
before = {name: value.clone() for name, value in runner.model.named_parameters()}
optim = runner.build_optim_wrapper(dict(optimizer=dict(type="SGD", lr=0.1)))
log = runner.model.train_step(batch, optim)
assert torch.isfinite(log["loss"])
after = dict(runner.model.named_parameters())
for name in (
    "backbone.conv1.conv.weight",
    "decode_head.conv_seg.weight",
    "auxiliary_head.conv_seg.weight",
):
    assert not torch.equal(before[name], after[name]), name
runner.model.eval()
prediction = runner.model.test_step(batch)[0].pred_sem_seg.data
assert prediction.shape == (1, 64, 64) and int(prediction.max()) < 5
""",
        config=str(config),
        work_dir=str(tmp_path / "work"),
    )


@without_compiled_ops
def test_a_compiled_operator_says_what_it_needs_when_it_is_called():
    import_mmseg()
    import torch
    from mmcv.ops import nms

    with pytest.raises(UserError, match="'nms' needs compiled mmcv"):
        nms(torch.zeros(1, 4), torch.zeros(1), iou_threshold=0.5)


def test_compiled_operators_are_used_where_they_are(fork_python, tmp_path):
    (tmp_path / "_ext.py").write_text(
        "def __getattr__(name):\n"
        "    if name.startswith('__'):\n"
        "        raise AttributeError(name)\n"
        "    return lambda *args, **kwargs: 'compiled'\n"
    )
    fork_python(
        """
import sys
import mmcv
mmcv.__path__.insert(0, compiled)
from ssl_seg.compat import import_mmseg
import_mmseg()
from mmcv.ops import nms
from mmengine.utils.dl_utils import mmcv_full_available
assert mmcv_full_available() is True
assert sys.modules["mmcv._ext"].__file__.startswith(compiled)
assert sys.modules["mmcv.ops.nms"].ext_module.nms() == "compiled"
""",
        compiled=str(tmp_path),
    )


@without_compiled_ops
def test_a_failed_import_leaves_no_stand_in_behind(fork_python):
    fork_python(
        """
import sys
from ssl_seg.compat import import_mmseg
sys.modules["mmcv.ops"] = None
try:
    import_mmseg()
except ImportError:
    assert "mmcv._ext" not in sys.modules
else:
    raise AssertionError("mmcv.ops was imported although it could not be")
"""
    )


def test_configs_load_without_torch_and_pkg_resources(tmp_path):
    config = tmp_path / "config.py"
    config.write_text(f"_base_ = [{DEEPLAB!r}]\n")
    run_python(
        """
import sys
sys.modules["pkg_resources"] = None
from ssl_seg.compat import patch_config_paths
patch_config_paths()
from mmengine.config import Config
assert Config.fromfile(sys.argv[1]).model.type == "EncoderDecoder"
heavy = {"torch", "mmcv", "mmseg", "mmengine.runner"} & set(sys.modules)
assert not heavy, heavy
""",
        config,
    )


@pytest.mark.parametrize(
    "name",
    [
        "_base_/models/deeplabv3plus_r50-d8.py",
        "mobilenet_v2/mobilenet-v2-d8_deeplabv3plus_4xb2-80k_cityscapes-512x1024.py",
        "segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py",
    ],
)
def test_a_base_of_mmseg_is_its_file_without_marks(load, name):
    folder = Path(find_spec("mmseg").submodule_search_locations[0])
    file = folder / ".mim" / "configs" / name
    loaded = load(f"mmseg::{name}")
    assert loaded.to_dict() == Config.fromfile(str(file)).to_dict()
    assert scope_marks(loaded.to_dict()) == []


def test_another_packages_types_stay_marked(load, tmp_path, monkeypatch):
    configs = tmp_path / "otherseg" / ".mim" / "configs"
    configs.mkdir(parents=True)
    (configs / "model.py").write_text("model = dict(type='Other')\n")
    (tmp_path / "otherseg" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert load("otherseg::model.py").model == {"type": "Other", "_scope_": "otherseg"}


def test_a_base_may_be_relative_or_absolute(load, tmp_path):
    (tmp_path / "part.py").write_text("threads = 2\n")
    assert load("part.py").threads == 2
    assert load(str(tmp_path / "part.py")).threads == 2


def test_a_misspelt_base_is_named_with_the_nearest_one(load, tmp_path):
    with pytest.raises(UserError) as error:
        load("mmseg::_base_/models/deeplabv3plus_r50_d8.py")
    assert f"did you mean {DEEPLAB!r}?" in str(error.value)
    assert "mmseg::_base_/models/deeplabv3plus_r50_d8.py" in str(error.value)


def test_a_base_of_a_missing_package_is_named(load):
    with pytest.raises(UserError, match="no package 'nonesuch' is installed"):
        load("nonesuch::model.py")


class Explosive:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_no_checkpoint_runs_code(tmp_path):
    forbid_pickles()
    import torch
    from mmengine.runner.checkpoint import load_checkpoint

    trace, checkpoint = tmp_path / "trace", tmp_path / "weights.pth"
    torch.save({"state_dict": Explosive(trace)}, checkpoint)
    with pytest.raises(Exception, match=r"[Ww]eights"):
        load_checkpoint(torch.nn.Linear(1, 1), str(checkpoint))
    with pytest.raises(Exception, match=r"[Ww]eights"):
        torch.load(checkpoint, weights_only=False)
    assert not trace.exists()


def test_weights_load(tmp_path):
    forbid_pickles()
    import torch
    from mmengine.runner.checkpoint import load_checkpoint

    source, target = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    torch.save({"state_dict": source.state_dict(), "meta": {"iter": 3}}, tmp_path / "weights.pth")
    load_checkpoint(target, str(tmp_path / "weights.pth"))
    assert torch.equal(source.weight, target.weight)


def test_an_environment_that_asks_for_pickles_is_refused(monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(UserError, match="unset it"):
        forbid_pickles()
