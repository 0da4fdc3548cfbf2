"""Which files are meant by a folder or a pattern, where they go, and what a listing must not say."""

import pytest

from portico.client.transfer import selection as selection_module
from portico.client.transfer.selection import Selection
from portico.model.errors import BadPath, ProtocolError, TooBig
from portico.model.files import FileFacts
from portico.model.replies import file_of
from tests.support.filehost import FileHost

FILES = [
    "a.txt",
    "notes/2024/x.txt",
    "notes/x.txt",
    "notes/y.bin",
    "src",
    "src-/a",
    "src/a",
    "src/b/c",
    "src0",
]


def page(*paths):
    return [FileFacts(path, 0, 0, "e") for path in paths]


@pytest.fixture(params=[1_000, 2], ids=["one page", "many pages"])
def select(request, monkeypatch):
    monkeypatch.setattr(selection_module, "PAGE", request.param)
    host = FileHost(dict.fromkeys(FILES, b""))

    def all_of(text):
        selection, found = Selection(text), []
        while not selection.ended:
            words = selection.ask().split(b"\r\n")[2::2]
            answer = host._list(*words[1:])
            found += [
                (file.path, selection.place(file.path)) for file in selection.take(list(map(file_of, answer)))
            ]
        return found

    yield all_of
    host._listener.close()


@pytest.mark.parametrize(
    "text, found",
    [
        ("src", {"src/a": "src/a", "src/b/c": "src/b/c"}),
        ("src/", {"src/a": "src/a", "src/b/c": "src/b/c"}),
        ("src/b", {"src/b/c": "b/c"}),
        ("notes/2024", {"notes/2024/x.txt": "2024/x.txt"}),
        ("notes/*.txt", {"notes/x.txt": "x.txt"}),
        ("notes/**", {"notes/2024/x.txt": "2024/x.txt", "notes/x.txt": "x.txt", "notes/y.bin": "y.bin"}),
        ("**/x.txt", {"notes/2024/x.txt": "notes/2024/x.txt", "notes/x.txt": "notes/x.txt"}),
        ("n*/y.bin", {"notes/y.bin": "notes/y.bin"}),
        ("*.txt", {"a.txt": "a.txt"}),
        ("nothing", {}),
        ("a.txt", {}),
        ("src/a", {}),
        *[(text, {path: path for path in FILES}) for text in ("", ".", "/")],
    ],
)
def test_what_is_meant_and_where_it_goes(select, text, found):
    assert dict(select(text)) == found


@pytest.mark.parametrize("text", ["..", "a/../b", "/etc", ".hidden", "a//b"])
def test_what_is_no_folder(text):
    with pytest.raises(BadPath):
        Selection(text)


def test_a_pattern_that_is_too_long():
    with pytest.raises(TooBig):
        Selection("*" * 300)


@pytest.mark.parametrize(
    "text, paths",
    [
        ("src", ["src/b", "src/a"]),
        ("src", ["src/a", "src/a"]),
        ("src", ["a"]),
        ("*.txt", ["a.bin"]),
        ("", [""]),
    ],
)
def test_listings_that_make_no_sense(text, paths):
    with pytest.raises(ProtocolError):
        Selection(text).take(page(*paths))


def test_what_lies_behind_the_folder_ends_it():
    selection = Selection("src")
    assert [file.path for file in selection.take(page("src/a", "src0"))] == ["src/a"]
    assert selection.ended
