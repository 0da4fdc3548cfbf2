from bench.ledger import Told, compare

SAID = [["a0", "a1", "a2"], ["b0", "b1"]]
ACKNOWLEDGED = {"a0": 1, "a1": 3, "b0": 4}


def told(*texts: str, numbers: list[int] | None = None) -> list[Told]:
    numbers = numbers or list(range(1, len(texts) + 1))
    return [Told(number, text, f"{number:04}") for number, text in zip(numbers, texts, strict=True)]


def history(*entries: tuple[int, str]) -> list[Told]:
    return [Told(number, text, "same") for number, text in entries]


WHOLE = history((1, "a0"), (3, "a1"), (4, "b0"), (6, "b1"))


def test_all_acknowledged_once_in_order_is_sound():
    account = compare(SAID, ACKNOWLEDGED, WHOLE)
    assert account.sound
    assert (account.acknowledged, account.read_back) == (3, 4)


def test_what_is_not_there_is_missing():
    account = compare(SAID, ACKNOWLEDGED, WHOLE[1:])
    assert (account.missing, account.sound) == (1, False)


def test_what_is_there_under_another_number_is_missing_too():
    assert compare(SAID, {"a0": 2}, WHOLE).missing == 1


def test_the_same_text_twice_is_doubled():
    account = compare(SAID, ACKNOWLEDGED, [*WHOLE, *history((7, "b1"), (8, "b1"))])
    assert (account.doubled, account.sound) == (2, False)


def test_a_speakers_later_word_before_an_earlier_one_is_out_of_order():
    account = compare(SAID, {}, history((1, "a1"), (2, "b0"), (3, "a0"), (4, "b1")))
    assert (account.out_of_order, account.sound) == (1, False)


def test_speakers_among_themselves_have_no_order():
    assert compare(SAID, {}, history((1, "b0"), (2, "a0"), (3, "b1"), (4, "a1"))).sound


def test_numbers_that_fall_are_out_of_order():
    assert compare(SAID, {}, told("a0", "b0", numbers=[2, 1])).out_of_order == 1


def test_what_nobody_said_is_strange():
    account = compare(SAID, {}, told("a0", "ghost"))
    assert (account.strange, account.sound) == (1, False)


def test_a_clock_that_goes_back_is_counted():
    account = compare(SAID, {}, [Told(1, "a0", "2"), Told(2, "a1", "1")])
    assert (account.backwards, account.sound) == (1, False)
