"""MSD Task04, from volumes with raw intensities to those of two other ranges.

The data set holds three ranges of intensities: 8-bit (55 volumes), raw (172) and high ones (33).
S are all raw ones with their labels; of the others every fourth is a test case, the rest is R. The
ranges differ by little more than a factor, most of which percentiles take away.
"""

_base_ = ["./hippocampus.py"]

data_root = "data/Task04_Hippocampus"
lists = "{{ fileDirname }}/../hippocampus_transfer"

train_dataloader = dict(dataset=dict(part=None, list_file=f"{lists}/source.txt"))
test_dataloader = dict(dataset=dict(part=None, list_file=f"{lists}/test.txt"))
split = dict(
    labeled=None,
    reference=dict(type="MSD", data_root=data_root, list_file=f"{lists}/reference.txt"),
)
