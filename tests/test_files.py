import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from ostwerk_analysis import files


def test_a_file_is_written_whole_or_left_as_it_was(tmp_path):
    file = tmp_path / "current"
    files.write_whole(file, "old\n")
    with pytest.raises(UnicodeEncodeError):
        files.write_whole(file, "new \ud800")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        files.write_whole(tmp_path / "taken", b"new")
    assert file.read_text() == "old\n"
    assert sorted(tmp_path.iterdir()) == [file, tmp_path / "taken"]


def test_who_may_read_the_folder_or_the_old_file_may_read_the_new_one(tmp_path):
    tmp_path.chmod(0o750)
    file = tmp_path / "page"
    for mode in (0o640, 0o600):
        files.write_whole(file, "x")
        assert stat.S_IMODE(file.stat().st_mode) == mode
        file.chmod(0o600)


def test_several_may_write_one_file_and_what_killed_ones_left_is_cleared(tmp_path):
    contents = [str(n) * 300_000 for n in range(8)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda content: files.write_whole(tmp_path / "page", content), contents))
    assert (tmp_path / "page").read_text() in contents
    (tmp_path / f"{files.UNFINISHED}x").touch()
    files.clear_unfinished(tmp_path)
    assert os.listdir(tmp_path) == ["page"]
