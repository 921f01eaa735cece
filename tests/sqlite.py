"""Databases in one file: where a test starts from, copied for it."""

import shutil
from pathlib import Path


def copied(template: Path, path: Path) -> Path:
    """A fresh copy of a database at `path`, whatever a test before left there or still holds open."""
    for leftover in path.parent.glob(f"{path.name}*"):  # its journals as well
        leftover.unlink()
    shutil.copyfile(template, path)
    return path
