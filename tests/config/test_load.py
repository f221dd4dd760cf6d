import re

import pytest

from ssl_seg.config import load_config
from ssl_seg.core.errors import UserError

MINE = "threads = 1\n"


@pytest.fixture
def write(tmp_path):
    """Write a config file; returns its path."""

    def make(text, name="mine.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return make


def test_a_config_becomes_plain_data(write):
    config = load_config(write("size = (8, 8)\nmodel = dict(crop=size, head=[dict(a=1)])\n"))
    assert config == {"model": {"crop": (8, 8), "head": [{"a": 1}]}}
    assert {type(part) for part in (config, config["model"], config["model"]["head"][0])} == {dict}


@pytest.mark.parametrize(
    "text",
    [
        "root = 'x'\nmodel = dict(a=root)\n",
        "_base_ = ['base.py']\nmodel = dict(a={{_base_.root}})\n",
        "_base_ = ['base.py']\nmodel = dict(a=_base_.root)\n",
    ],
)
def test_variables_of_ones_own_are_allowed_where_they_are_read(write, text):
    write("root = 'x'\n", "base.py")
    config = load_config(write(text))
    assert config == {"model": {"a": "x"}}


def test_a_variable_that_a_base_reads_is_allowed(write):
    write("root = 'x'\nmodel = dict(a=root)\n", "parts/base.py")
    assert load_config(write("_base_ = 'parts/base.py'\n"))["model"] == {"a": "x"}


def test_a_name_that_nobody_reads_is_refused(write):
    path = write(MINE + "rounds = 3\n")
    with pytest.raises(
        ValueError, match=rf"^{re.escape(str(path))}: .*'rounds' is not a known key"
    ):
        load_config(path)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("schedular", "scheduler"),
        ("train_dataloder", "train_dataloader"),
        ("thread", "threads"),
        ("param_schedulers", "param_scheduler"),
    ],
)
@pytest.mark.parametrize("read", [False, True])
def test_a_near_miss_of_a_known_name_is_refused(write, name, near, read):
    use = f"model = dict(a={name})\n" if read else ""
    with pytest.raises(ValueError, match=f"'{name}' looks like a misspelt '{near}'"):
        load_config(write(f"{name} = 1\n{use}"))


def test_names_of_mmsegmentation_without_meaning_here_are_dropped(write):
    config = load_config(
        write(
            MINE + "default_scope = 'mmseg'\nresume = False\ntta_model = dict(type='SegTTAModel')\n"
            "val_cfg = dict(type='ValLoop')\nauto_scale_lr = dict(enable=False)\n"
        )
    )
    assert config == {"threads": 1}


def test_mmsegmentations_own_bases_are_found(write):
    config = load_config(
        write(
            "_base_ = ['mmseg::_base_/models/deeplabv3plus_r50-d8.py']\n"
            "model = dict(decode_head=dict(num_classes=11), pretrained=None)\n"
        )
    )
    assert config["model"]["decode_head"]["type"] == "DepthwiseSeparableASPPHead"
    assert config["model"]["decode_head"]["num_classes"] == 11
    assert set(config) == {"model"}


def test_scopes_are_dropped_as_plug_ins_are_not_found_below_them(write):
    text = "model = dict(type='A', _scope_='mmseg', heads=[dict(type='B', _scope_='mmseg')])\n"
    assert load_config(write(text)) == {"model": {"type": "A", "heads": [{"type": "B"}]}}


def test_yaml_and_json_are_read_too(write):
    assert load_config(write("threads: 3\n", "mine.yaml")) == {"threads": 3}
    assert load_config(write('{"threads": 3}', "mine.json")) == {"threads": 3}


def test_lazy_configs_are_refused_with_the_other_way(write):
    path = write(
        "from mmengine.config import read_base\n\nwith read_base():\n    from .base import *\n"
    )
    with pytest.raises(ValueError, match=r"read_base\) are not supported; .*_base_"):
        load_config(path)


def test_a_missing_file_is_named_with_near_ones(write, tmp_path):
    write(MINE, "deeplab_atso.py")
    with pytest.raises(UserError, match=r"deeplab_ats\.py; did you mean deeplab_atso\.py"):
        load_config(tmp_path / "deeplab_ats.py")


def test_options_override_by_dotted_key(write):
    path = write("model = dict(head=dict(a=1, b=2))\nparam_scheduler = [dict(power=1)]\n")
    options = {"model.head.a": 5, "threads": 4, "param_scheduler.0.power": 2}
    assert load_config(path, options) == {
        "model": {"head": {"a": 5, "b": 2}},
        "param_scheduler": [{"power": 2}],
        "threads": 4,
    }


def test_an_unknown_option_is_refused_with_the_nearest(write):
    with pytest.raises(ValueError, match=r"--cfg-options thread\.x: .* did you mean 'threads'"):
        load_config(write(MINE), {"thread.x": 1})


def test_an_option_cannot_set_a_variable_that_was_read_already(write):
    with pytest.raises(ValueError, match="--cfg-options root: unknown key"):
        load_config(write("root = 'x'\nmodel = dict(a=root)\n"), {"root": "y"})
