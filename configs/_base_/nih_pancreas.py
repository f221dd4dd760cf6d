"""NIH Pancreas-CT as it is prepared here: 62 volumes to learn from and 20 to test.

62 is what is left of 82 without the first or the second of four contiguous folds. The ATSO paper
names the number 62 and not the fold; here it is the first, cases 0001 to 0020. 0025 and 0070, which
today's download lacks, show the scan of test case 0002; cases='distinct' leaves them out.
"""

nih = dict(type="NIHPancreas", data_root="data/nih_pancreas", fold=0, folds=4)
test_evaluator = [
    dict(type="DiceMetric", first="case"),
    dict(type="SurfaceMetric", tolerance=2.0),
]
