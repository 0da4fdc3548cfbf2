"""The limits that are promised, and those that have to fit each other."""

from portico.room import limits


def test_the_promised_limits():
    assert limits.MESSAGE_BYTES == 65_536
    assert limits.NAME_CHARACTERS == 32
    assert limits.KEY_BYTES == 64
    assert limits.KEYS_REMEMBERED == 100_000
    assert limits.RESUME_MICROSECONDS == 86_400_000_000
    assert limits.PAGE_ENTRIES == 1_000


def test_a_batch_takes_the_largest_message_however_it_is_escaped():
    assert limits.BATCH_BYTES > 2 * limits.MESSAGE_BYTES
    assert limits.OUTBOX_BYTES > limits.BATCH_BYTES
    assert limits.OUTBOX_RECORDS > limits.BATCH_RECORDS
    assert limits.TAIL_BYTES > limits.MESSAGE_BYTES
