"""Looking at rendered HTML the way a browser would, to prove what it can and cannot do."""

from collections import Counter
from html.parser import HTMLParser

from healthspace.base.html import ATTRIBUTES, ELEMENTS, VOID


class _Checker(HTMLParser):
    """Fails on anything outside the lists; notes the texts, the identifiers and the tags left open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, (tag, name)
            assert value is not None
            if name == "href":
                assert value.startswith(("https://", "http://", "mailto:", "tel:", "#")), value
            if name == "src":
                assert tag == "img"
                assert value.startswith(("data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,"))
            if name == "id":
                self.ids.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("an instruction")


def check_html(markup: str) -> _Checker:
    """Asserts that `markup` is well nested and uses only what documents may use, with identifiers said once."""
    checker = _Checker()
    checker.feed(markup)
    checker.close()
    assert checker.open == []
    assert [identifier for identifier, times in Counter(checker.ids).items() if times > 1] == []
    return checker


def words_of(texts: list[str]) -> Counter[str]:
    """How many times each word is said."""
    return Counter(word for text in texts for word in text.split())
