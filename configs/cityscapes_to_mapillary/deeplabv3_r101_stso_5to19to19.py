_base_ = [
    "../_base_/cityscapes_to_mapillary.py",
    "../_base_/deeplabv3_r101_512x1024.py",
    "../_base_/cityscapes_5to19to19_stso.py",
]
