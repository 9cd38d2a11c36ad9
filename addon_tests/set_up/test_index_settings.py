"""What pip and uv are set up for is what the set-up uses: the index, proxies, certificates, and nothing that checks less."""

from __future__ import annotations

import os

import pytest

from addon_tests.making.file_server import serving
from handmocap_addon.set_up.index_settings import IndexSettings, answers, index_settings, read_address


def test_pip_s_file_is_read_and_a_variable_counts_more(tmp_path):
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = http://mirror/simple\nproxy = http://127.0.0.1:3128\ntrusted-host = here\n  there\n"
        "[install]\nextra-index-url = http://127.0.0.1/x\nfind-links = /a /b\n",
        encoding="utf-8",
    )
    given = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path)}
    found = index_settings(given)
    assert (found.index, found.others, found.places) == ("http://mirror/simple", ("http://127.0.0.1/x",), ("/a", "/b"))
    assert (found.proxy, found.trusted_hosts) == ("http://127.0.0.1:3128", ("here", "there"))
    assert index_settings({**given, "PIP_INDEX_URL": "http://other"}).index == "http://other"
    assert index_settings({**given, "UV_DEFAULT_INDEX": "http://of-uv"}).index == "http://of-uv"
    assert index_settings({**given, "PIP_NO_INDEX": "1"}).index is None


def test_a_person_s_own_file_counts_and_a_damaged_one_says_nothing(tmp_path):
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    place = tmp_path / ".config" / "pip" / "pip.conf"
    place.write_text("[global]\nindex_url = http://mirror/simple\n", encoding="utf-8")
    given = {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / ".config")}
    assert index_settings(given).index == "http://mirror/simple"
    assert index_settings({**given, "PIP_CONFIG_FILE": os.devnull}) == IndexSettings()
    place.write_bytes(b"no [settings\xff")
    assert index_settings(given) == index_settings({**given, "XDG_CONFIG_HOME": str(tmp_path / "none")})


def test_of_uv_s_own_variables_only_those_about_the_network_are_kept():
    given = {"UV_NO_VERIFY_HASHES": "1", "UV_TARGET": "/x", "UV_HTTP_TIMEOUT": "7", "PATH": "/bin", "UV_CONSTRAINT": "x"}
    found = IndexSettings("http://mirror", ("http://x",)).of_uv(given)
    assert not {"UV_NO_VERIFY_HASHES", "UV_TARGET", "UV_CONSTRAINT"} & set(found)
    # The person's index comes before further ones, and uv's default is asked last.
    assert (found["UV_HTTP_TIMEOUT"], found["PATH"]) == ("7", "/bin")
    assert (found["UV_INDEX"], found["UV_DEFAULT_INDEX"]) == ("http://mirror", "http://x")
    assert IndexSettings("http://mirror").of_uv({})["UV_DEFAULT_INDEX"] == "http://mirror"
    assert IndexSettings(None).of_uv({})["UV_OFFLINE"] == "1"


def test_an_address_with_a_password_is_asked_with_it():
    with serving({"simple/uv/": b"here"}) as server:
        address = server.address("simple/uv/").replace("//", "//me:se%20cret@")
        content, kind, _ = read_address(address, IndexSettings(), 10)
        assert (content, kind) == (b"here", "text/html")
        with pytest.raises(ValueError, match="more than 3 bytes"):
            read_address(address, IndexSettings(), 3)


def test_a_login_is_the_index_s_own_server_s_alone():
    with serving({"simple/uv/": b"here", "files/a": b"a"}) as server, serving({"files/a": b"a"}) as other:
        settings = IndexSettings(server.address("simple").replace("//", "//me:se%20cret@"))
        server.moved["elsewhere/a"] = other.address("files/a")
        for address in ("files/a", "elsewhere/a"):
            assert read_address(server.address(address), settings, 10)[0] == b"a"
        read_address(other.address("files/a"), settings, 10)
        assert server.logins == ["Basic bWU6c2UgY3JldA=="] * 2
        assert other.logins == [None, None]


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": ".", "XDG_CONFIG_HOME": "."}])
def test_no_settings_are_read_from_the_current_folder(tmp_path, monkeypatch, home):
    for folder in (".pip", ".config/pip", "pip", "."):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name in ("pip.conf", "pip.ini"):
            (tmp_path / folder / name).write_text("[global]\nindex-url = http://planted\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert index_settings({**home, "XDG_CONFIG_DIRS": ":."}).index != "http://planted"
    # A file that the person names is read from where that says.
    assert index_settings({**home, "PIP_CONFIG_FILE": "pip.conf"}).index == "http://planted"


def test_an_index_of_uv_s_may_have_a_name():
    assert index_settings({"UV_DEFAULT_INDEX": "studio=http://mirror/simple", "PIP_CONFIG_FILE": os.devnull}).index == (
        "http://mirror/simple"
    )


def test_whether_an_index_answers():
    with serving({"simple/uv/": b"long enough"}) as server:
        here = IndexSettings(server.address("simple"))
        assert answers(here)
        assert answers(here.only(server.address("another")))  # it says that there is none
        server.status = 502
        assert not answers(here)
    assert not answers(here)
    assert answers(IndexSettings(None))
