"""The distribution ``ssl-seg``; settings of the development tools are in ``pyproject.toml``."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def read_version() -> str:
    """Return ``ssl_seg.__version__`` without importing the package."""
    source = (HERE / "ssl_seg" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "(.+)"$', source, flags=re.MULTILINE)
    if match is None:
        raise RuntimeError('ssl_seg/__init__.py has no line __version__ = "..."')
    return match[1]


setup(
    name="ssl-seg",
    version=read_version(),
    description="Semi-supervised segmentation by teacher-student generations, on mmsegmentation",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    # numpy 2.4, which the constraints pin, has left 3.10; mmengine needs pkgutil.find_loader, which
    # is gone in 3.14.
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["ssl_seg", "ssl_seg.*"]),
    package_data={"": ["*.json", "*.yaml", "py.typed"]},
    entry_points={"console_scripts": ["ssl-seg=ssl_seg.cli:main"]},
    # torchvision is left out on purpose: a build that does not fit torch's (as PyPI's beside a CPU
    # wheel of torch) breaks every mmengine Runner, whose environment report imports it.
    install_requires=[
        # mmsegmentation imports ftfy and regex without asking for them.
        "ftfy",
        # mmcv-lite is mmcv without operators to compile. mmsegmentation refuses 2.2 and later.
        # Both put the same package in place: where compiled mmcv is wanted, uninstall mmcv-lite
        # afterwards and install mmcv (again).
        "mmcv-lite>=2.1,<2.2",
        "mmengine>=0.10.7,<0.11",
        "mmsegmentation>=1.2.2,<1.3",
        "nibabel>=5.2",
        "numpy>=2",
        # mmengine and mmcv-lite ask for opencv-python by this name. Its wheels, those of OpenCV 5
        # too, load libGL.so.1, libgthread-2.0.so.0, libxcb.so.1 and libX11.so.6 from the system.
        # Machines without a display may lack these (Debian: libgl1 libglib2.0-0). Two ways out:
        # install them, or lay the same version of opencv-python-headless, which has the same
        # module and needs none of them, over it (pip install --force-reinstall --no-deps), as
        # the Makefile does where `import cv2` fails.
        "opencv-python>=4.10",
        "pillow>=10.3",
        "regex",
        "rich>=13",
        "scipy>=1.11",
        "tabulate>=0.9",
        # 2.6 is the first version whose torch.load refuses pickled objects by default, which is
        # how mmengine loads weight files.
        "torch>=2.6",
    ],
    extras_require={
        "medical": ["pydicom>=3"],
        "ray": ["ray>=2.40"],
        "dev": [
            "hypothesis",
            "import-linter",
            "mypy",
            "pre-commit",
            "pydicom>=3",
            "pytest",
            "pytest-timeout",
            "pytest-xdist",
            "ruff",
            "types-tabulate",
        ],
    },
)
