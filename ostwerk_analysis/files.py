"""Writing files so that a reader finds the old one or the new one, whole, whatever is cut off."""

import os
import shutil
import tempfile
from pathlib import Path

UNFINISHED = ".unfinished-"
"""How the name of a file begins that is still being written."""


def write_whole(file: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; several may write the same one at once.

    A new one can be read by those who may read its folder.
    """
    content = content.encode() if isinstance(content, str) else content
    descriptor, name = tempfile.mkstemp(prefix=UNFINISHED, dir=file.parent)
    beside = Path(name)
    try:
        with open(descriptor, "wb") as opened:
            opened.write(content)
        beside.chmod(file.parent.stat().st_mode & 0o666)
        put_in_place(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def clear_unfinished(folder: Path) -> None:
    """Delete what was being written into a folder by those who were killed."""
    for file in folder.glob(f"{UNFINISHED}*"):
        file.unlink(missing_ok=True)


def put_in_place(beside: Path, file: Path) -> None:
    """Move a finished file to where it belongs, in the place of an older one if there is any."""
    sync(beside)
    if file.exists():
        shutil.copymode(file, beside)
    os.replace(beside, file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Bring a file or folder to the disk, where the system can."""
    if os.name == "nt":
        return  # Windows syncs no folders, and files only for those who may write to them
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
