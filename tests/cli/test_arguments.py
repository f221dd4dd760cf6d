"""Flags that change the config."""

import argparse

import pytest

from ssl_seg.cli.arguments import add_run_options, read_config


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [(["--amp"], "bfloat16"), (["--amp", "bf16"], "bfloat16"), (["--amp", "fp16"], "float16")],
)
def test_the_precision_is_stated_in_the_config(images, flags, dtype):
    """Not left to the device, which is no part of a fingerprint."""
    parser = argparse.ArgumentParser()
    add_run_options(parser)
    config = read_config(images.config, None, parser.parse_args(flags).amp)
    plain = read_config(images.config, None, None)
    wrapper = {**plain["optim_wrapper"], "type": "AmpOptimWrapper", "dtype": dtype}
    assert config == {**plain, "optim_wrapper": wrapper}


def test_an_option_without_a_value_is_refused(capsys):
    parser = argparse.ArgumentParser()
    add_run_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--cfg-options", "threads=2", "train_cfg"])
    assert "--cfg-options: expected KEY=VALUE, got 'train_cfg'" in capsys.readouterr().err
