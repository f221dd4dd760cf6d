"""Data-set layouts on disk become cases, groups and label spaces; one file per data set."""

from ssl_seg.catalog.build import read_catalog
from ssl_seg.catalog.camvid import CamVid
from ssl_seg.catalog.catalog import Catalog, DataSet
from ssl_seg.catalog.cityscapes import Cityscapes
from ssl_seg.catalog.idd_lite import IDDLite
from ssl_seg.catalog.image_folder import ImageFolder
from ssl_seg.catalog.index import DigestIndex
from ssl_seg.catalog.lists import select
from ssl_seg.catalog.mapillary_vistas import MapillaryVistas
from ssl_seg.catalog.msd import MSD
from ssl_seg.catalog.nih_pancreas import NIHPancreas
from ssl_seg.catalog.volume_folder import VolumeFolder

__all__ = [
    "MSD",
    "CamVid",
    "Catalog",
    "Cityscapes",
    "DataSet",
    "DigestIndex",
    "IDDLite",
    "ImageFolder",
    "MapillaryVistas",
    "NIHPancreas",
    "VolumeFolder",
    "read_catalog",
    "select",
]
