"""Uploads that somebody has to say something to, many at once, and those of other tabs."""

from tests.browser.person import Person

SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1}


def made(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_name_that_is_taken_is_asked_about_before_anything_is_sent(serve, visit, tmp_path):
    server = serve(files="change")
    ann = Person(visit(server)).join("Ann")
    mine = made(tmp_path, "tester1.txt", b"mine" * 100_000)
    theirs = (server.directory / "tester1.txt").read_bytes()
    ann.put(mine)
    ann.window.shows("There is a file tester1.txt already", "#uploads .exists")
    assert not list((server.directory / ".portico" / "uploads").iterdir())
    ann.window.press("Keep both")
    ann.window.shows("tester1 (2).txt", "#listing")
    assert (server.directory / "tester1 (2).txt").read_bytes() == mine.read_bytes()
    ann.put(mine)
    ann.window.press("Skip")
    ann.window.hides("tester1.txt", "#uploads .exists")
    assert (server.directory / "tester1.txt").read_bytes() == theirs
    ann.put(mine)
    ann.window.press("Replace")
    ann.window.shows("replaced by Ann", "#log")
    assert (server.directory / "tester1.txt").read_bytes() == mine.read_bytes()
    ann.put(mine)
    ann.window.shows("is there already, byte for byte", "#uploads")


def test_a_name_that_is_taken_meanwhile_is_replaced_with_the_bytes_that_came(serve, visit, tmp_path):
    server = serve(files="change")
    ann = Person(visit(server)).join("Ann")
    mine = made(tmp_path, "plan.bin", bytes(40_000_000))
    uploads = server.directory / ".portico" / "uploads"
    ann.window.command("Network.enable")
    ann.window.command("Network.emulateNetworkConditions", uploadThroughput=20_000_000, **SLOW)
    ann.put(mine)
    ann.window.waited(
        lambda: any(each.stat().st_size > 20_000_000 for each in uploads.iterdir()), "half of it"
    )
    (server.directory / "plan.bin").write_text("theirs")
    ann.window.command("Network.emulateNetworkConditions", uploadThroughput=-1, **SLOW)
    ann.window.shows("There is a file plan.bin already", "#uploads .exists")
    (came,) = uploads.iterdir()
    assert came.stat().st_size > 20_000_000
    ann.window.press("Replace")
    ann.window.shows("digest compared", "#uploads")
    assert (server.directory / "plan.bin").read_bytes() == mine.read_bytes()


def test_files_and_folders_are_dropped(serve, visit, tmp_path):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    album = made(tmp_path, "album/summer/sea.txt", b"sea").parent.parent
    made(tmp_path, "album/.hidden/secret", b"secret")
    made(tmp_path, "album/.DS_Store", b"")
    alone = made(tmp_path, "alone.txt", b"alone")
    ann.drag(alone, album)
    ann.window.shows("Drop to share", "#drop")
    ann.drop(alone, album)
    ann.window.waited((server.directory / "album" / "summer" / "sea.txt").exists, "the folder")
    ann.window.waited((server.directory / "alone.txt").exists, "the file")
    ann.window.shows("and 1 more", "#uploads .refused")
    ann.window.shows("begin with a dot are not shared", "#uploads .refused")
    assert [path.name for path in (server.directory / "album").iterdir()] == ["summer"]
    assert not ann.window.all("#drop")[0].is_displayed()


def test_a_link_that_is_dropped_leads_nowhere(serve, visit):
    window = visit(serve())
    there = window.script("return location.href")
    data = {
        "items": [{"mimeType": "text/uri-list", "data": "http://127.0.0.1:9/"}],
        "dragOperationsMask": 1,
    }
    for kind in ("dragEnter", "dragOver", "drop"):
        window.command("Input.dispatchDragEvent", type=kind, x=500, y=300, data=data)
    window.shows("Connected", "#state")
    assert window.script("return location.href") == there


def test_a_name_that_is_refused_can_be_sent_as_another(serve, visit, tmp_path):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    ann.put(made(tmp_path, "why?.txt", b"because"))
    ann.window.shows("which Windows cannot store", "#uploads .refused")
    ann.window.press("Send as why_.txt")
    ann.window.shows("why_.txt", "#listing")
    assert (server.directory / "why_.txt").read_bytes() == b"because"


def test_many_files_are_one_sum(serve, visit, tmp_path):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    many = [made(tmp_path, f"many/{number:02}.txt", b"%d" % number) for number in range(30)]
    (server.directory / "many").mkdir()
    (server.directory / "many" / "07.txt").write_text("theirs")
    (server.directory / "many" / "08.txt").write_text("theirs")
    ann.drop(many[0].parent)
    ann.window.shows("28 of 30", "#uploads")
    ann.window.shows("2 of these names are taken already", "#uploads")
    assert len(ann.window.all("#uploads li")) == 4, "the sum, the question to both, and each"
    ann.window.press("Keep all")
    ann.window.shows("30 of 30", "#uploads")
    assert len(list((server.directory / "many").iterdir())) == 32


def test_what_another_tab_sends_is_not_cut_off(serve, visit, tmp_path):
    server = serve()
    ann = Person(visit(server)).join("Ann")
    ann.window.command("Network.enable")
    ann.window.command("Network.emulateNetworkConditions", uploadThroughput=2_000_000, **SLOW)
    big = made(tmp_path, "big.bin", bytes(20_000_000))
    ann.put(big)
    ann.window.shows("left", "#uploads")
    other = Person(visit(server))
    other.put(big)
    other.window.shows("Another tab of this browser is sending it", "#uploads")
    assert "cut off" not in "".join(other.window.texts("#uploads"))
    ann.window.driver.refresh()
    ann.window.accept()
    for window in (other.window, ann.window):
        window.shows("was cut off. Choose the same file again", "#uploads")
    other.put(big)
    other.window.shows("arrived, digest compared", "#uploads")
    ann.window.hides("big.bin", "#uploads")
