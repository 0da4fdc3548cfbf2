"""What was told of files comes back as it was put in, and takes little memory."""

import os
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from portico.stores.files.inventory import Inventory, mark_of

NAMES = st.text(
    st.characters(exclude_characters="/", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8
)
MARKS = st.integers(-(2**63), 2**63 - 1)


@given(st.dictionaries(NAMES, MARKS), st.dictionaries(NAMES, st.none() | MARKS))
def test_a_folder_is_remembered_as_it_is_and_changed_by_name(marks, changes):
    inventory = Inventory()
    inventory.put("a/", marks)
    assert inventory.marks("a/") == marks
    assert inventory.empty("a/") is not bool(marks)
    inventory.change("a/", changes)
    assert inventory.marks("a/") == {n: m for n, m in {**marks, **changes}.items() if m is not None}
    assert list(inventory) == ["a/"] == list(inventory.folders())
    inventory.forget("a/")
    assert "a/" not in inventory
    assert inventory.marks("a/") == {}


def test_a_hundred_thousand_files_take_a_few_megabytes():
    tracemalloc.start()
    inventory = Inventory()
    for folder in range(1000):
        inventory.put(
            f"folder{folder:04}/", {f"name-of-twenty-{n:05}": hash((n, folder)) for n in range(100)}
        )
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 40 * 100_000


def test_a_mark_stays_when_a_file_is_moved_linked_or_locked_and_changes_with_its_content(tmp_path):
    file = tmp_path / "file"
    file.write_text("one")
    mark = mark_of(file.stat())
    (tmp_path / "link").hardlink_to(file)
    file.chmod(0o600)
    file = file.rename(tmp_path / "moved")
    assert mark_of(file.stat()) == mark
    os.utime(file, ns=(0, 1))
    assert mark_of(file.stat()) != mark
