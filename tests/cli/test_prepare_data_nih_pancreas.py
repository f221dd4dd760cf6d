"""`prepare_data nih-pancreas`: what it asks for, prints and refuses."""

import json
import subprocess
import sys

import pytest

from ssl_seg.cli.main import call
from ssl_seg.phantoms.organ.cohort import Cohort
from ssl_seg.phantoms.organ.nih_layout import NIH


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    root = tmp_path_factory.mktemp("nih")
    NIH.write(root, Cohort(look="source", train=3, size=(32, 32, 16)))
    (label,) = root.rglob("label0001.nii.gz")
    label.with_name("label0025.nii.gz").write_bytes(label.read_bytes())
    return root


@pytest.fixture
def prepare(scans, tmp_path):
    def prepared(*options):
        folders = [str(scans), str(scans / "TCIA_pancreas_labels-02-05-2017")]
        return call("prepare_data", ["nih-pancreas", *folders, str(tmp_path / "out"), *options])

    prepared.out = tmp_path / "out"
    return prepared


def cases(out):
    return sorted(path.name.removesuffix(".nii.gz") for path in out.glob("images/*.nii.gz"))


def test_it_prints_what_it_did(prepare, capsys):
    assert prepare() == 0
    printed = capsys.readouterr().out
    assert "labels without a scan, which the publisher withdrew: 25\n" in printed
    assert "cases: 3 prepared, 0 already existed\n" in printed
    assert cases(prepare.out) == ["0001", "0002", "0003"]
    assert prepare() == 0
    assert "cases: 0 prepared, 3 already existed\n" in capsys.readouterr().out
    assert prepare("--overwrite") == 0
    assert "cases: 3 prepared, 0 already existed\n" in capsys.readouterr().out


def test_cases_are_chosen_by_number_and_range(prepare, capsys):
    assert prepare("--cases", "3", "1-1") == 0
    assert cases(prepare.out) == ["0001", "0003"]
    assert prepare("--cases", "1-3", "--unchecked", "2-3") == 0
    assert "cases: 1 prepared, 2 already existed\n" in capsys.readouterr().out
    entries = json.loads((prepare.out / "prepared.json").read_text())["cases"]
    assert {case: entry["is_checked"] for case, entry in entries.items()} == {
        "0001": True,
        "0002": False,
        "0003": True,
    }


def test_what_is_not_there_is_an_error_that_says_so(prepare, capsys):
    assert prepare("--cases", "2-5") == 1
    assert "for the cases 4, 5; fetch what is missing" in capsys.readouterr().err
    assert not prepare.out.exists()


@pytest.mark.parametrize("numbers", ["0", "5-3", "one", "1-99999", "-1", "1,2"])
def test_bad_numbers_are_explained(prepare, capsys, numbers):
    with pytest.raises(SystemExit):
        prepare(f"--cases={numbers}")
    assert "expected a case from 1 to 9999, or a range like 5-8" in capsys.readouterr().err


def test_without_pydicom_it_says_what_to_install(scans, tmp_path):
    code = (
        "import sys; sys.modules['pydicom'] = None\n"
        "from ssl_seg.cli.main import call\n"
        "sys.exit(call('prepare_data', sys.argv[1:]))"
    )
    arguments = ["nih-pancreas", str(scans), str(scans), str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'ssl_seg[medical]'" in done.stderr
    assert "Traceback" not in done.stderr
