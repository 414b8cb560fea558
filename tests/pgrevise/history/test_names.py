from datetime import UTC, datetime

import pytest

from pgrevise.errors import HistoryConflict, UsageError
from pgrevise.history.names import (
    FILE_NAME,
    SLUG_LENGTH,
    checked_message,
    docstring_text,
    file_name,
    next_identifier,
    slug,
)

NOW = datetime(2024, 6, 14, 12, 0, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("add queue jobs fields and indexes", "add_queue_jobs_fields_and_indexes"),
        ('Add `status`, drop "state"!', "add_status_drop_state"),
        ("it's", "its"),
        ("café für größe", "cafe_fur_groe"),
        ("добавить users", "users"),
        ("a/../b\\c", "a_b_c"),
    ],
)
def test_a_slug_is_made_of_ascii_words(message: str, expected: str) -> None:
    assert slug(message) == expected


def test_a_long_slug_is_cut_between_words() -> None:
    text = slug("word " * 100)
    assert len(text) <= SLUG_LENGTH
    assert set(text.split("_")) == {"word"}


def test_one_endless_word_is_cut_too() -> None:
    assert slug("x" * 500) == "x" * SLUG_LENGTH


@pytest.mark.parametrize("message", ["", "   ", "\n", None])
def test_an_empty_message_is_refused(message: str | None) -> None:
    with pytest.raises(UsageError, match="empty"):
        checked_message(message)


@pytest.mark.parametrize("message", ["a\nb", "a\rb", "a\x00b", "a\u2028b"])
def test_a_line_break_or_control_character_is_refused(message: str) -> None:
    with pytest.raises(UsageError, match="line break"):
        checked_message(message)


@pytest.mark.parametrize("message", ["добавить", "追加", "!!!", '"""'])
def test_a_message_without_a_single_ascii_word_is_refused(message: str) -> None:
    with pytest.raises(UsageError, match="no letter or digit"):
        checked_message(message)


@pytest.mark.parametrize(
    "message",
    [
        'say "hello"',
        'end with "',
        'a """ b',
        '"""a"""',
        "back\\slash",
        "end\\",
        'end\\"',
        "it's",
        "x" * 500,
    ],
)
def test_any_message_survives_as_a_docstring(message: str) -> None:
    source = f'"""{docstring_text(message)}\n\nRevises: x\n"""\n'
    namespace: dict[str, object] = {}
    exec(source + "text = __doc__", namespace)  # noqa: S102 - that is what is tested
    assert str(namespace["text"]).startswith(message)


def test_the_identifier_is_the_minute() -> None:
    assert next_identifier(NOW, []) == "202406141200"


def test_a_taken_minute_gives_the_next_free_one() -> None:
    taken = ["202406141200", "202406141201"]
    assert next_identifier(NOW, taken) == "202406141202"


def test_an_identifier_comes_after_its_parent() -> None:
    assert next_identifier(NOW, [], parents=["202406142359"]) == "202406150000"


def test_a_parent_with_another_kind_of_identifier_does_not_matter() -> None:
    assert next_identifier(NOW, [], parents=["ae1027a6acf"]) == "202406141200"


def test_a_parent_far_in_the_future_is_refused() -> None:
    with pytest.raises(HistoryConflict, match="209901010000"):
        next_identifier(NOW, [], parents=["209901010000"])


def test_a_file_name_is_read_back() -> None:
    name = FILE_NAME.fullmatch(file_name("202406141200", "add queue jobs"))
    assert name is not None
    assert (name["identifier"], name["slug"]) == ("202406141200", "add_queue_jobs")
