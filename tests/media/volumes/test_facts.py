import gzip
import json
import shutil
import subprocess
import sys
import tracemalloc

import nibabel
import numpy as np
import pytest

from ssl_seg.catalog.index import DigestIndex
from ssl_seg.media.volumes import nifti
from ssl_seg.media.volumes.facts import LabelVolumeFacts, VolumeFacts

KINDS = [VolumeFacts, LabelVolumeFacts]


@pytest.fixture(params=[1, 1 << 30], ids=["slice by slice", "at once"])
def slab(request, monkeypatch):
    """Read volumes in the smallest parts and in one."""
    monkeypatch.setattr(nifti, "_SLAB_VOXELS", request.param)


@pytest.fixture
def written(tmp_path):
    """Write voxels, and change header fields behind nibabel's back."""

    def write(voxels, name="x.nii", **fields):
        path = tmp_path / name
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / "plain.nii")
        content = bytearray((tmp_path / "plain.nii").read_bytes())
        with (tmp_path / "plain.nii").open("rb") as file:
            header = nibabel.Nifti1Header.from_fileobj(file)
        for field, value in fields.items():
            header[field] = value
        content[: len(header.binaryblock)] = header.binaryblock
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return str(path)

    return write


def noise(*shape):
    return np.random.default_rng(0).integers(0, 200, shape).astype(np.uint8)


@pytest.mark.parametrize("name", ["x.nii", "x.nii.gz", "X.NII.GZ"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_grid_is_the_files_own(draw_volume, tmp_path, name, kind):
    path = draw_volume(name.lower(), kind=kind)
    read = nibabel.load(path)
    shutil.move(path, tmp_path / name)
    facts = VolumeFacts.of(str(tmp_path / name))
    assert facts.shape == (6, 5, 4) == read.shape
    assert np.allclose(facts.affine, read.affine, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64, ">i2"])
def test_labels_are_counted_whatever_their_type(draw_volume, slab, dtype):
    path = draw_volume("x.nii.gz", values=(0, 0, 2, 1, 0), dtype=dtype, shape=(5, 3, 7))
    assert LabelVolumeFacts.of(str(path)).pixels == ((0, 63), (1, 21), (2, 21))


def test_labels_are_counted_as_the_header_scales_them(written):
    voxels = np.array([0, 1, 2, 2], np.uint8).reshape(2, 2, 1)
    path = written(voxels, scl_slope=3.0, scl_inter=1.0)
    assert LabelVolumeFacts.of(path).pixels == ((1, 1), (4, 1), (7, 2))


def test_facts_survive_the_index(draw_volume, tmp_path):
    path = str(draw_volume("x.nii.gz", values=(0, 1)))
    read = []
    for _ in range(2):
        with DigestIndex(tmp_path / "index.json") as index:
            read += [index.read([path], kind)[0].facts for kind in KINDS]
    assert read[:2] == read[2:]
    assert [type(facts) for facts in read[:2]] == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_plain_facts_are_json(draw_volume, kind):
    facts = kind.of(str(draw_volume("x.nii.gz", values=(0, 1, 7))))
    assert kind.from_plain(json.loads(json.dumps(facts.plain()))) == facts


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_voxel_that_is_no_number_is_told_with_its_place(draw_volume, slab, bad):
    path = draw_volume("x.nii.gz", dtype=np.float32)
    voxels = nibabel.load(path).get_fdata(dtype=np.float32)
    voxels[4, 3, 2] = bad
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), path)
    with pytest.raises(ValueError, match=rf"the voxel \[4, 3, 2\] holds {bad}; expected finite"):
        VolumeFacts.of(str(path))
    with pytest.raises(ValueError, match=r"the voxel \[0, 0, 0\] holds|holds .*expected labels"):
        LabelVolumeFacts.of(str(path))


def test_a_constant_volume_is_refused_and_a_constant_mask_is_not(draw_volume, slab):
    path = str(draw_volume("x.nii.gz", values=(3,)))
    with pytest.raises(ValueError, match="all voxels hold the same value, 3"):
        VolumeFacts.of(path)
    assert LabelVolumeFacts.of(path).pixels == ((3, 120),)


def test_one_slice_that_differs_makes_a_volume_not_constant(slab, written):
    voxels = np.zeros((3, 3, 5), np.uint8)
    voxels[:, :, 3] = 1
    assert VolumeFacts.of(written(voxels)).shape == (3, 3, 5)


@pytest.mark.parametrize("value", [0.5, -1, 256, 1e9, np.nan, 3.0000002])
def test_labels_that_are_no_numbers_of_classes_are_refused(draw_volume, slab, value):
    path = draw_volume("x.nii.gz", values=(0, value), dtype=np.float32)
    with pytest.raises(ValueError, match=r"the voxel \[\d, \d, \d\] holds .*whole numbers from 0"):
        LabelVolumeFacts.of(str(path))


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_whole_numbers_beyond_a_byte_are_refused(draw_volume, dtype):
    for value in (-1, 256, 257):
        path = draw_volume("x.nii.gz", values=(0, value), dtype=dtype)
        with pytest.raises(ValueError, match=f"holds {value};"):
            LabelVolumeFacts.of(str(path))


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((4, 4, 4, 3), "got the shape 4×4×4×3; several channels"),
        ((4, 4, 4, 1), "got the shape 4×4×4×1; drop the last axis"),
        ((4, 4, 4, 1, 3), "several channels"),
        ((4, 4), "got the shape 4×4; a volume needs"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_other_than_three_axes_are_refused(written, shape, reason, kind):
    with pytest.raises(ValueError, match=reason):
        kind.of(written(noise(*shape)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keep", [0.02, 0.5, 0.99])
def test_a_cut_off_compressed_file_is_refused(written, tmp_path, keep, kind):
    path = tmp_path / "x.nii.gz"
    written(noise(40, 40, 40), "x.nii.gz")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(ValueError, match=r"cut off or damaged|no NIfTI header"):
        kind.of(str(path))


@pytest.mark.parametrize("at", [-8, -4])
def test_a_file_that_does_not_meet_its_checksum_is_refused(written, tmp_path, at):
    path = tmp_path / "x.nii.gz"
    written(noise(8, 8, 8), "x.nii.gz")
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cut off or damaged"):
        VolumeFacts.of(str(path))


def test_a_cut_off_file_without_compression_is_refused(written, tmp_path):
    written(noise(20, 20, 20))
    (tmp_path / "x.nii").write_bytes((tmp_path / "x.nii").read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"cut off or damaged .*; copy or download it"):
        VolumeFacts.of(str(tmp_path / "x.nii"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.nii", b"", r"no NIfTI header \(0 bytes\)"),
        ("x.nii.gz", b"", r"no NIfTI header \(0 bytes\)"),
        ("x.nii", b"text" * 200, r"no NIfTI header \(800 bytes\)"),
        ("x.nii.gz", gzip.compress(b"text" * 200, mtime=0), "no NIfTI header"),
        ("x.nii.gz", b"no NIfTI", "compressed by gzip, as its name says; this is none"),
        ("x.nii", gzip.compress(b"any", mtime=0), "name it .nii.gz"),
    ],
)
def test_what_is_no_nifti_file_is_refused(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        VolumeFacts.of(str(tmp_path / name))


ROWS = {
    "singular": ([1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0]),
    "all zero": ([0, 0, 0, 0],) * 3,
    "not finite": ([1, 0, 0, np.nan], [0, 1, 0, 0], [0, 0, 1, 0]),
}


@pytest.mark.parametrize("case", ROWS)
def test_an_affine_without_volume_is_refused(written, case):
    x, y, z = ROWS[case]
    path = written(noise(4, 4, 4), srow_x=x, srow_y=y, srow_z=z, sform_code=1)
    with pytest.raises(ValueError, match=r"the affine \[.*\] gives the voxels no volume"):
        VolumeFacts.of(path)


def test_a_sheared_affine_is_an_affine(written):
    rows = {"srow_x": [1, 0, 0, 0], "srow_y": [0, 1, 0.3, 0], "srow_z": [0, 0, 2, 0]}
    facts = VolumeFacts.of(written(noise(4, 4, 4), **rows, sform_code=1))
    assert facts.affine[1] == pytest.approx((0, 1, 0.3, 0))


@pytest.mark.parametrize("edge", [0.0, np.nan, np.inf])
def test_voxels_without_length_are_refused(written, edge):
    path = written(noise(4, 4, 4), pixdim=[1, 1, 1, edge, 0, 0, 0, 0], qform_code=0, sform_code=0)
    with pytest.raises(ValueError, match=rf"voxels of 1×1×{edge:g} mm"):
        VolumeFacts.of(path)


def test_other_units_than_mm_are_refused(written):
    with pytest.raises(ValueError, match="unit 'micron'; expected mm"):
        VolumeFacts.of(written(noise(4, 4, 4), xyzt_units=3))


@pytest.mark.parametrize("fields", [{"datatype": 999}, {"vox_offset": 10.0}])
def test_a_header_that_cannot_be_right_is_refused(written, fields, capfd):
    with pytest.raises(ValueError, match="the NIfTI header cannot be right"):
        VolumeFacts.of(written(noise(4, 4, 4), **fields))
    assert capfd.readouterr() == ("", "")


def test_the_header_of_a_pair_of_files_is_refused(written):
    with pytest.raises(ValueError, match="save both as one"):
        VolumeFacts.of(written(noise(4, 4, 4), magic=b"ni1"))


def test_colours_and_complex_numbers_are_refused(written):
    colours = np.zeros((3, 3, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    with pytest.raises(ValueError, match="got colours"):
        VolumeFacts.of(written(colours))
    with pytest.raises(ValueError, match="got complex numbers"):
        VolumeFacts.of(written(noise(3, 3, 3).astype(np.complex64)))


def test_a_large_volume_is_never_in_memory_whole(draw_volume, monkeypatch):
    monkeypatch.setattr(nifti, "_SLAB_VOXELS", 1 << 14)
    path = str(draw_volume("x.nii.gz", shape=(64, 64, 512), values=(0, 1), dtype=np.int32))
    LabelVolumeFacts.of(path)  # the first look imports modules
    tracemalloc.start()
    try:
        LabelVolumeFacts.of(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 64 * 512 * 4 / 4


def test_volumes_are_looked_into_side_by_side_from_a_cold_start(draw_volume):
    """A thread that comes while another imports nibabel must not see it half made."""
    path = str(draw_volume("x.nii.gz"))
    code = (
        "import sys, time\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        time.sleep(0.01 * name.startswith('nibabel'))\n"
        "sys.meta_path.insert(0, Slow())\n"
        "from ssl_seg.media.volumes.facts import VolumeFacts\n"
        "with ThreadPoolExecutor(20) as pool:\n"
        "    looks = []\n"
        "    for _ in range(20):\n"
        f"        looks.append(pool.submit(VolumeFacts.of, {path!r}))\n"
        "        time.sleep(0.04)\n"
        "    assert len({look.result() for look in looks}) == 1\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
