"""What every repository promises, whichever store it is: the suite of the port `portico.ports.Repository`.

A further implementation adds one line to `IMPLEMENTATIONS`: how to make a repository that holds given files.
"""

import hashlib
import inspect
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portico.model.errors import BadPath, NotFound, TooBig
from portico.model.patterns import Pattern
from portico.ports import Repository
from portico.stores.files.directory import DirectoryRepository

FILES = {
    "a.txt": b"one",
    "a/b.txt": b"two!",
    "a/c/d.txt": b"",
    "a-b": b"minus sorts before the dot",
    "a0": b"nought sorts after the slash",
    "B.txt": b"capitals first",
    "z.txt": b"last of ASCII",
    "été/menu.txt": b"soupe",
    "日本.txt": b"\xff",
    "🎉": b"beyond the first plane",
}


def in_directory(place: Path, files: dict[str, bytes]) -> Repository:
    for path, content in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    return DirectoryRepository(place)


IMPLEMENTATIONS = {"directory": in_directory}


@pytest.fixture(params=IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS.keys())
def repository_of(request, tmp_path_factory):
    """Return how to make a repository that holds the files given."""
    return lambda files: request.param(tmp_path_factory.mktemp("files"), files)


@pytest.fixture
async def repository(repository_of):
    made = repository_of(FILES)
    yield made
    await made.close()


async def paths(repository, pattern=None, after=None, count=1000):
    return [facts.path for facts in await repository.list(pattern, after, count)]


def test_it_has_the_methods_of_the_port(repository):
    for name, method in inspect.getmembers(Repository, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.signature(getattr(repository, name)).parameters.keys() == (
                inspect.signature(method).parameters.keys() - {"self"}
            )


async def test_list_returns_every_file_in_code_point_order(repository):
    assert await paths(repository) == sorted(FILES)


async def test_an_empty_repository_lists_nothing(repository_of):
    empty = repository_of({})
    assert await empty.list(None, None, 10) == []
    assert await empty.count(None) == 0
    await empty.close()


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        "**",
        "*.txt",
        "**/*.txt",
        "a*",
        "a/*",
        "a/**",
        "a/b.txt",
        "[!a]*",
        "?",
        "é*/*",
        "a/b.txt/x",
        "",
        "no",
    ],
)
async def test_a_pattern_selects(repository, pattern):
    wanted = [path for path in sorted(FILES) if Pattern(pattern).matches(path)]
    assert await paths(repository, pattern) == wanted
    assert await repository.count(pattern) == len(wanted)


@pytest.mark.parametrize(
    "pattern", ["..", "../*", "../**", "/etc/*", "a/../../*", ".", "a//*", "\0*", "a/*/"]
)
async def test_a_pattern_that_means_no_path_selects_nothing(repository, pattern):
    assert await paths(repository, pattern) == []
    assert await repository.count(pattern) == 0


async def test_a_pattern_may_be_too_long(repository):
    with pytest.raises(TooBig):
        await repository.list("*" * 257, None, 10)
    with pytest.raises(TooBig):
        await repository.count("*" * 257)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("pattern", [None, "**/*.txt", "a/**"])
async def test_pages_make_the_whole_list(repository, size, pattern):
    whole, after = [], None
    while page := await paths(repository, pattern, after, size):
        assert len(page) <= size
        whole += page
        after = page[-1]
    assert whole == await paths(repository, pattern)


@pytest.mark.parametrize(
    "after", ["", "a", "a/", "a/b", "a/c", "a/c/zzz", "a0", "\0", "~", "🎉", "..", "\udcff"]
)
async def test_after_may_be_any_text(repository, after):
    assert await paths(repository, None, after) == [path for path in sorted(FILES) if path > after]


@pytest.mark.parametrize("count", [0, -1])
async def test_no_files_are_wanted(repository, count):
    assert await paths(repository, count=count) == []


async def test_stat_agrees_with_list(repository):
    for facts in await repository.list(None, None, 1000):
        digest = hashlib.sha256(FILES[facts.path]).hexdigest()
        assert await repository.stat(facts.path) == replace(facts, sha256=digest)
        assert facts.size == len(FILES[facts.path])
        assert facts.mtime > 1_700_000_000_000_000


async def test_an_etag_is_safe_in_a_header_and_differs(repository):
    etags = {facts.etag for facts in await repository.list(None, None, 1000)}
    assert len(etags) == len(FILES)
    assert all(etag.isalnum() and etag.isascii() and len(etag) <= 64 for etag in etags)


@pytest.mark.parametrize("path", ["no", "a", "a/c", "a.txt/x", "no/no", "a/b", "x" * 255])
async def test_what_is_not_there_is_not_found(repository, path):
    with pytest.raises(NotFound):
        await repository.stat(path)


@pytest.mark.parametrize(
    "path", ["", "/", "..", "../a.txt", "a/../a.txt", "/a.txt", "a//b.txt", "a/b.txt/", "\0"]
)
async def test_what_is_no_path_is_refused(repository, path):
    with pytest.raises(BadPath):
        await repository.stat(path)


async def test_another_normal_form_is_the_same_path(repository):
    assert (await repository.stat("e\u0301te\u0301/menu.txt")).path == "été/menu.txt"
    assert await paths(repository, "e\u0301te\u0301/*") == ["été/menu.txt"]


PART = st.sampled_from(["a", "a-", "a.", "a0", "b", "é"])
TREES = st.lists(st.lists(PART, min_size=1, max_size=3).map("/".join), max_size=12)


def without_clashes(chosen):
    """Leave out what would be a file where another path needs a folder."""
    return {path: b"" for path in chosen if not any(other.startswith(f"{path}/") for other in chosen)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=TREES, after=st.text("ab.-0/é", max_size=4), count=st.integers(0, 5))
async def test_any_page_of_any_tree_is_the_slice_of_the_sorted_paths(repository_of, chosen, after, count):
    files = without_clashes(chosen)
    repository = repository_of(files)
    wanted = [path for path in sorted(files) if path > after][:count]
    assert await paths(repository, None, after, count) == wanted
    assert await repository.count(None) == len(files)
    await repository.close()
