# SPDX-License-Identifier: Apache-2.0
"""Tags the wheel with the platform that the library in it needs. Everything else is in pyproject.toml."""
import pathlib
import platform
import re
import subprocess

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel

LIBRARY = pathlib.Path(__file__).parent / "src/swiftlet_embed/libswiftlet.so"


class Platform(Distribution):
    def has_ext_modules(self):
        return True


class WheelOfLibrary(bdist_wheel):
    """For any Python 3, but for one platform: Linux with at least the C library whose functions are called."""

    def get_tag(self):
        if not LIBRARY.exists():
            raise SystemExit(f"{LIBRARY} is not there; build it with Examples/Bindings/C/build")
        symbols = subprocess.run(["objdump", "-T", LIBRARY], check=True, capture_output=True, text=True).stdout
        major, minor = max((int(major), int(minor)) for major, minor in re.findall(r"GLIBC_(\d+)\.(\d+)", symbols))
        return "py3", "none", f"manylinux_{major}_{minor}_{platform.machine()}"


setup(distclass=Platform, cmdclass={"bdist_wheel": WheelOfLibrary})
