def test_health(serve, visit):
    window = visit(serve())
    window.shows("such page")
    assert window.errors()
