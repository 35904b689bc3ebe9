"""Prior files and models of other formats that were written to do harm."""

import os
import re
import threading
from html.parser import HTMLParser
from pathlib import Path

import pytest

from model.errors import BadExchangeFile
from model.interchange import read as read_model
from model.priors import load, problems
from model.priors.files import NotInFolder, read_inside
from model.priors.yaml.reader import read
from service import create_app
from service.settings import Settings
from tests.prior_copies import ASIA, copied, edited, said


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a: {b: 1, b: 2}", "the key 'b' again, as on line 1"),
        ("a: 010", "010"),
        ("a: 1_000x\nb: 0o17", "0o17"),
        ("a: 0x1f", "0x1f"),
        ("a: .nan", ".nan"),
        ("no: a\ntrue: b", "true as a key"),
    ],
)
def test_fault_19_what_yaml_might_take_for_something_else_is_refused(line: str, found: str) -> None:
    problems = [str(problem) for problem in read(f"{line}\n...\n".encode(), file="odd.yaml").problems]
    assert any(found in problem for problem in problems), problems


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "1:30", "1_000", "2001-01-01"])
def test_fault_19_a_word_is_the_word_that_was_written(word: str) -> None:
    assert read(f"a: {word}\n...\n".encode(), file="odd.yaml").data == {"a": word}


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch harmed']",
        "!!python/object/new:os.system ['touch harmed']",
        "!!python/name:os.system",
        "!!binary aGFybQ==",
        "!harm x",
    ],
)
def test_fault_20_a_tag_makes_nothing(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = read(f"a: {value}\n...\n".encode(), file="tag.yaml")
    assert any("the tag '!" in str(problem) for problem in found.problems)
    assert not (tmp_path / "harmed").exists()


ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "laughs": f'<!DOCTYPE x [<!ENTITY a0 "lol">{ENTITIES}]><smile id="x">&a9;</smile>',
    "file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><smile id="x">&a;</smile>',
    "outside": '<!DOCTYPE x SYSTEM "http://localhost:1/x.dtd"><smile id="x"></smile>',
    "deep": "<smile>" * 200_000,
    "parameter": '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/hostname"> %a;]><smile id="x"></smile>',
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("ending", ["xdsl", "xmlbif"])
def test_fault_23_a_bomb_of_another_format_is_refused(name: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"bomb.{ending}"
    path.write_text(BOMBS[name])
    with pytest.raises(BadExchangeFile):
        read_model(path)


URL = "url: https://doi.org/10.1111/j.2517-6161.1988.tb01721.x"
NAMES = [
    "../secret.yaml", "/etc/hostname", "..\\secret.yaml", "%2e%2e/secret.yaml", "a\\0b.yaml", "con.yaml/..",
    ".hidden.yaml", "~/secret.yaml", "file:///etc/hostname", "checks.yaml/", "./checks.yaml", "sub/checks.yaml",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_fault_24_a_listed_name_that_is_no_file_of_the_folder_is_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("variables: {told: 1}\n...\n")
    folder = edited(ASIA, tmp_path, "model.yaml", ("checks.yaml", f'"{name}"'))
    found = said(folder)
    assert found
    assert not any("told" in line for line in found)


def test_fault_24_links_are_followed_inside_the_folder_only(tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / "checks.yaml").rename(folder / "kept.txt")
    (folder / "checks.yaml").symlink_to("kept.txt")
    assert load(folder).name == "asia"
    for file in ("checks.yaml", "model.yaml"):
        outside = tmp_path / file
        outside.write_bytes((folder / file).read_bytes())
        (folder / file).unlink()
        (folder / file).symlink_to(outside)
        assert any("a link out of the folder" in str(problem) for problem in problems(folder)), file


def test_fault_24_devices_and_pipes_are_neither_read_nor_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotInFolder, match="no regular file"):
        read_inside(tmp_path / "pipe", tmp_path, most=10)
    for device in ("zero", "full", "tty"):
        (tmp_path / device).symlink_to(f"/dev/{device}")
        with pytest.raises(NotInFolder, match="a link out of the folder"):
            read_inside(tmp_path / device, tmp_path, most=10)


def test_fault_24_a_link_that_is_changed_meanwhile_gives_nothing_from_elsewhere(tmp_path: Path) -> None:
    """One thread turns a link, and a folder on the way, to and fro; what is read is never the file outside."""
    folder, outside = tmp_path / "in", tmp_path / "out"
    for place, text in ((folder / "sub", "inside"), (outside, "outside")):
        place.mkdir(parents=True)
        (place / "a").write_text(text)
    stop = threading.Event()

    def turn() -> None:
        while not stop.is_set():
            for target in (outside, folder / "sub"):
                new = folder / "new"
                new.symlink_to(target)
                new.rename(folder / "way")

    turning = threading.Thread(target=turn)
    turning.start()
    found = set()
    for _ in range(2_000):
        try:
            found.add(read_inside(folder / "way" / "a", folder, most=100))
        except OSError:
            continue
    stop.set()
    turning.join()
    assert found <= {b"inside"}


def test_a_file_that_is_not_listed_is_not_read(tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    (folder / "extra.yaml").write_text("variables: {told: [1}\n")
    assert said(folder) == [
        "extra.yaml:1:1: a file that the model does not list, expected its name under 'files:' in model.yaml, "
        "or the file taken away."
    ]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/hostname", "//a.test", "ftp://a"]
)  # fmt: skip
def test_an_address_of_a_source_is_http_https_or_doi(address: str, tmp_path: Path) -> None:
    folder = edited(ASIA, tmp_path, "sources.yaml", (URL, f'url: "{address}"'))
    assert any("expected one that begins with https://, http:// or doi:" in line for line in said(folder))


@pytest.mark.parametrize("address", ["https://a.test/b?c=d", "http://a.test", "doi:10.1000/182"])
def test_an_address_that_can_be_followed_is_kept(address: str, tmp_path: Path) -> None:
    folder = edited(ASIA, tmp_path, "sources.yaml", (URL, f'url: "{address}"'))
    assert said(folder) == []


@pytest.mark.parametrize("word", ["w" * 41, "a\\tb", " "])
def test_an_absurd_word_for_a_number_is_refused(word: str, tmp_path: Path) -> None:
    folder = copied(ASIA, tmp_path)
    text = (folder / "model.yaml").read_text()
    assert "confidence: {" in text
    (folder / "model.yaml").write_text(text.replace("confidence: {", f'confidence: {{"{word}": 7, '))
    assert any("expected at most 40 characters in one line" in line for line in said(folder))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A chest clinic", "A chest cl\\u200binic"),
        ("A chest clinic", "A chest cl\\u202einic"),
        ("A chest clinic", "A che\\u0301st clinic"),
        ("A chest clinic", "A chest\\u00a0clinic"),
        ("A chest clinic", "A chest\\u001b[31m clinic"),
    ],
)
def test_fault_25_text_that_the_eye_cannot_tell_is_refused(old: str, new: str, tmp_path: Path) -> None:
    assert said(edited(ASIA, tmp_path, "model.yaml", (f"title: {old}", f'title: "{new}"'))) != []


PAYLOADS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "' onmouseover='alert(1)",
    "{{ 7*7 }}", "{% raw %}", "</title><script>x</script>", "javascript:alert(1)", "&lt;script&gt;", "<!-- -->",
]  # fmt: skip


SENTENCES = re.compile(
    r"^((?: *(?:- )?(?:title|label|horizon|note)|description): )(?:>-?\n(?:  .*\n)+|.*\n)", re.MULTILINE
)


class Elements(HTMLParser):
    """Every element of a page, with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_fault_50_what_a_modeller_writes_is_text_on_every_page(payload: str, tmp_path: Path) -> None:
    """Titles, descriptions, labels and questions of the files, and a problem that quotes a file that is wrong."""
    written = payload.replace("\\", "\\\\").replace('"', '\\"')
    folder = copied(ASIA, tmp_path / "models")
    for path in folder.glob("*.yaml"):
        path.write_text(SENTENCES.sub(lambda found: f'{found[1]}"{written}"\n', path.read_text()))
    wrong = tmp_path / "models" / "wrong"
    wrong.mkdir()
    (wrong / "model.yaml").write_text(f'title: "{written}"\n"{written}": 1\n...\n')
    assert said(folder) == []
    client = create_app(Settings(tmp_path / "models")).test_client()
    for page in ("/plain", "/errors"):
        elements = Elements()
        elements.feed(client.get(page).text)
        assert [tag for tag, _ in elements.found if tag in ("script", "svg", "img", "iframe", "object")] == []
        for _, attributes in elements.found:
            assert [name for name in attributes if name.startswith("on")] == []
            assert not (attributes.get("href") or "").lower().startswith("javascript")
    assert "49" not in client.get("/plain").text.split("<h1>")[1].split("</h1>")[0]
    for path in ("/v1/models", "/v1/models/asia", "/nowhere/" + payload):
        assert "html" not in client.get(path).content_type
