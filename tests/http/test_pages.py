"""The plain pages: links that work, and names that stay text."""

import re
from html.parser import HTMLParser

import pytest


class Seen(HTMLParser):
    """Elements of a page, and where its links go."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(name for name, _ in attrs)
        self.links.extend(value for name, value in attrs if name in ("href", "src") and value)


def test_every_link_of_the_start_page_answers(client):
    links = [link for link in Seen(client.get("/plain").text).links if not link.startswith("data:")]
    assert "/v1/models/asia/forecast/lung.json?given=xray:yes" in links
    assert len(links) > 20
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_the_start_page_says_each_headline_target_by_its_label_and_its_name(client):
    assert re.search(r">Lung cancer</a> <code>lung</code>", client.get("/plain").text)


def test_names_that_bite_are_shown_as_text(client):
    page = client.get("/plain").text
    seen = Seen(page)
    assert "script" not in seen.tags
    assert "b" not in seen.tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("path", ["/plain", "/errors"])
def test_the_pages_keep_to_their_own_content_policy(client, path):
    answer = client.get(path)
    seen = Seen(answer.text)
    assert "style" not in seen.tags
    assert "script" not in seen.tags
    assert not [name for name in seen.attributes if name == "style" or name.startswith("on")]
    assert all(re.match(r"(/|data:,|#)", link) for link in seen.links)


def test_a_broken_model_shows_its_problems_on_the_start_page(client):
    page = client.get("/plain").text
    assert "is not ready" in page
    assert "broken/findings.yaml:25" in page
