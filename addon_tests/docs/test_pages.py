"""README stays short, the rest is said once, and what programs write into the pages is what they would write now."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

from addon_tests.docs.pages import DOCS, README, REPOSITORY, blocks, links, pages, sentences
from tools.benchmark import arguments, tables
from tools.pages import options_table, refusals, rooms, write_tables
from tools.pages.regions import Region, regions, with_region

_LONG = 60  # letters from which on a sentence is no set phrase


def test_readme_is_short() -> None:
    assert len(README.read_bytes()) <= 9000


def test_readme_begins_with_a_picture_that_moves_and_loads_soon() -> None:
    first = next(link for link in links(README) if link.is_picture)
    content = (README.parent / first.target).read_bytes()
    assert content[:4] == b"RIFF"
    assert content[8:12] == b"WEBP"
    assert content.count(b"ANMF") > 20
    assert len(content) < 3_000_000


def test_every_page_is_linked_from_readme() -> None:
    linked = {(README.parent / link.target).resolve() for link in links(README)}
    assert {page for page in pages() if page.parent in (DOCS, REPOSITORY) and page != README} <= linked


def test_no_sentence_stands_twice() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    written = {cell for region in regions() for cell in sentences_of(region)}
    for page in pages():
        for sentence in sentences(page):
            if len(sentence) >= _LONG and sentence not in written:
                places[sentence.lower()].append(page.name)
    assert {sentence: names for sentence, names in places.items() if len(names) > 1} == {}


def sentences_of(region: Region) -> set[str]:
    return {sentence for sentence in sentences(region.page) if sentence in " ".join(re.findall(r"[\w°%.,-]+", region.text))}


def test_every_picture_in_docs_is_shown() -> None:
    shown = {(page.parent / link.target).resolve() for page in pages() for link in links(page) if link.is_picture}
    pictures = {path for path in DOCS.iterdir() if path.suffix in (".png", ".webp", ".gif", ".jpg")}
    assert pictures
    assert pictures <= shown


def test_blocks_are_commands_or_diagrams() -> None:
    for page in pages():
        assert {block.language for block in blocks(page)} <= {"sh", "mermaid"}, page.name
        # Commands in another dress would escape the tests.
        if page.parent in (DOCS, REPOSITORY):
            assert not re.search(r"^    (python3?|blender|sudo) ", page.read_text(encoding="utf-8"), re.MULTILINE), page.name


def test_the_sentences_of_troubleshooting_are_those_of_the_code() -> None:
    (region,) = [region for region in regions() if region.name == refusals.REGION]
    assert region.text == refusals.page_text(), "write them: python3 -m tools.pages.refusals"
    assert len(refusals.refusals()) > 300


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('raise ClipError(f"{path} is no file", "choose one")', [("… is no file", "choose one")]),
        (
            'def f(a):\n    word = "up" if a else "down"\n    raise ClipError(f"It goes {word}", HINT)\nHINT = "turn it"',
            [("It goes down", "turn it"), ("It goes up", "turn it")],
        ),
        (
            'def refused(what):\n    return ClipError(f"The clip {what}")\n\ndef g():\n    raise refused("is empty")',
            [("The clip is empty", "")],
        ),
        (
            'def again(): return way_out("press Go", "run it")\nraise ClipError("It is empty", f"{again()} again")',
            [("It is empty", "press Go again; on the command line: run it again")],
        ),
        (
            'def f(a):\n    hint = "see it" if a else f"see {a}"\n    raise ClipError("It is empty", hint)',
            [("It is empty", "see it")],
        ),
        ("raise ClipError(message, hint)", []),
    ],
)
def test_sentences_are_read_from_the_code(source: str, said: list[tuple[str, str]]) -> None:
    tree = ast.parse(source)
    found = refusals._of_file(tree, {"ClipError"}, refusals.Constants([tree]))
    assert sorted((one.message, one.hint) for one in refusals._without_vaguer(set(found))) == said


def test_the_options_in_the_pages_are_those_of_the_parsers() -> None:
    found = {region.name: region.text for region in regions()}
    for name, text in options_table.tables().items():
        assert found[name] == text, "write them: python3 -m tools.pages.options_table"


def test_the_rooms_in_architecture_are_those_of_the_package() -> None:
    (region,) = [region for region in regions() if region.name == rooms.REGION]
    assert region.text == rooms.page_text(), "write it: python3 -m tools.pages.rooms"
    said = rooms.rooms()
    assert {"core", "core/maths", "set_up", "worker/clip", "blender/background/bake", "ui/state"} <= set(said)
    assert [folder for folder, text in said.items() if not text] == []
    drawn = re.findall(r"\[([a-z_]+(?:/[a-z_]+)+):", "".join(block.text for block in blocks(DOCS / "architecture.md")))
    assert len(drawn) > 8
    assert set(drawn) <= set(said)


def test_every_option_of_a_command_is_explained() -> None:
    for name, parser in options_table.commands().items():
        silent = [option.names for option in options_table.options_of(parser) if option.explanation == "-"]
        assert silent == [], name


def test_no_option_of_the_front_door_is_kept_from_its_readers() -> None:
    said = "".join(page.read_text(encoding="utf-8") for page in pages())
    sources = (REPOSITORY / "scripts" / "handmocap.py", Path(arguments.__file__))
    declared = re.compile(r'add_argument\(\s*"(--[a-z-]+)"')
    known = {name for source in sources for name in declared.findall(source.read_text(encoding="utf-8"))}
    assert {"--env", "--only", "--json", "--write"} <= known
    assert [name for name in sorted(known) if f"`{name}" not in said] == []


def test_tables_of_figures_have_the_columns_that_their_benches_print() -> None:
    of_accuracy = {
        "clips": tables.clip_table([]),
        "motion": tables.motion_table([]),
        "bodies": tables.body_table([]),
    }
    for region in regions():
        if region.name in (refusals.REGION, rooms.REGION, *options_table.tables()):
            continue
        first = region.text.splitlines()[0]
        if region.name in of_accuracy:
            assert first == of_accuracy[region.name].splitlines()[0]
            continue
        program = re.search(r"python3? (?:-m )?([\w./]+)", region.command)
        assert program is not None, region.command
        source = REPOSITORY / f"{program[1].replace('.', '/')}.py"
        if region.name == "stages":
            source = Path(tables.__file__)
        columns = re.sub(r"[^\w]+", "", first)
        assert columns in re.sub(r"[^\w]+", "", source.read_text(encoding="utf-8")), region.command


def test_a_bench_s_table_goes_into_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Before.\n\n<!-- table: two, written by: a -->\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<!-- end of table -->\nAfter.\n"
    )
    monkeypatch.setattr("tools.pages.regions.PAGES", tmp_path)
    assert write_tables.write_tables("said\n| a | b |\n|---|---|\n| 3 | 4 |\n\n| c |\n|---|\n| 5 |\n") == ["two"]
    assert page.read_text() == (
        "Before.\n\n<!-- table: two, written by: a -->\n\n| a | b |\n|---|---|\n| 3 | 4 |\n\n<!-- end of table -->\nAfter.\n"
    )
    with pytest.raises(ValueError, match="three"):
        with_region(page.read_text(), "three", "")
