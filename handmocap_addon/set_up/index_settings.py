"""How this person's packages are reached: the index, proxies and certificates that pip and uv are set up for.

uv reads no settings of pip's, and pip none of uv's, so they are read here, from the places that pip's own documentation
names. Standard library only, and for Python 3.9 on.
"""

from __future__ import annotations

import base64
import configparser
import contextlib
import os
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

ORDINARY_INDEX: Final = "https://pypi.org/simple"
_SECTIONS: Final = ("global", "install")
_PATIENCE_SECONDS: Final = 20.0
# What a person says to uv about the network; every other variable of uv's stays outside, such as one that checks no hashes.
_KEPT_OF_UV: Final = (
    "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES",
    "UV_CONCURRENT_DOWNLOADS",
    "UV_KEYRING_PROVIDER",
    "UV_PYTHON_INSTALL_MIRROR",
)


@dataclass(frozen=True)
class IndexSettings:
    """`index` is None where no network is to be used."""

    index: str | None = ORDINARY_INDEX
    others: tuple[str, ...] = ()  # further indexes
    places: tuple[str, ...] = ()  # folders and pages of wheels
    certificates: str = ""
    client_certificate: str = ""
    proxy: str = ""
    trusted_hosts: tuple[str, ...] = ()
    seconds: str = ""  # for an answer

    def only(self, index: str) -> IndexSettings:
        """The same network with this index alone."""
        return replace(self, index=index, others=(), places=())

    def of_uv(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables of a shell as uv is to see them."""
        kept = {name: value for name, value in environment.items() if not name.upper().startswith("UV_")}
        kept.update({name: environment[name] for name in _KEPT_OF_UV if name in environment})
        # Whoever is asked, only files with the reviewed hashes are taken, so each index may have the one.
        kept.update(UV_NO_CONFIG="1", UV_NO_PROGRESS="1", UV_SYSTEM_CERTS="1", UV_INDEX_STRATEGY="unsafe-best-match")
        kept["UV_PYTHON_DOWNLOADS"] = "manual"
        if self.index is None:
            kept.update(UV_OFFLINE="1", UV_NO_INDEX="1")
        # The one that uv calls its default is asked last.
        *first, last = (self.index or "", *self.others)
        wanted = {
            "UV_INDEX": " ".join(first),
            "UV_DEFAULT_INDEX": last,
            "UV_FIND_LINKS": ",".join(self.places),
            "SSL_CERT_FILE": self.certificates,
            "SSL_CLIENT_CERT": self.client_certificate,
            "UV_INSECURE_HOST": " ".join(self.trusted_hosts),
            "UV_HTTP_TIMEOUT": self.seconds,
            "HTTP_PROXY": self.proxy,
            "HTTPS_PROXY": self.proxy,
        }
        return {**kept, **{name: value for name, value in wanted.items() if value}}

    def of_pip(self) -> dict[str, str]:
        """Variables for a pip that is to know of nothing else: no files of settings; empty variables count as none."""
        return {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.index or "",
            "PIP_NO_INDEX": "" if self.index else "1",
            "PIP_EXTRA_INDEX_URL": " ".join(self.others),
            "PIP_FIND_LINKS": " ".join(self.places),
            "PIP_CERT": self.certificates,
            "PIP_CLIENT_CERT": self.client_certificate,
            "PIP_PROXY": self.proxy,
            "PIP_TRUSTED_HOST": " ".join(self.trusted_hosts),
            **({"PIP_DEFAULT_TIMEOUT": self.seconds} if self.seconds else {}),
        }


def index_settings(environment: Mapping[str, str] | None = None) -> IndexSettings:
    """What the variables say, else pip's files of settings."""
    given = os.environ if environment is None else environment
    said = dict(_of_files(given))
    said.update(
        {name[4:].lower().replace("_", "-"): value for name, value in given.items() if name.startswith("PIP_") and value}
    )
    # uv's may have a name before the address.
    of_uv = re.sub(r"^[\w.-]+=(?=\w+://)", "", given.get("UV_DEFAULT_INDEX") or given.get("UV_INDEX_URL") or "")
    index = of_uv or said.get("index-url") or ORDINARY_INDEX
    is_off = said.get("no-index", "").lower() in ("1", "true", "yes", "on", "t", "y") or bool(given.get("UV_OFFLINE"))
    others = [*given.get("UV_INDEX", "").split(), *given.get("UV_EXTRA_INDEX_URL", "").split()]
    return IndexSettings(
        None if is_off else index,
        (*others, *said.get("extra-index-url", "").split()),
        tuple(said.get("find-links", "").split()),
        said.get("cert", ""),
        said.get("client-cert", ""),
        said.get("proxy", ""),
        tuple(said.get("trusted-host", "").split()),
        said.get("default-timeout") or said.get("timeout", ""),
    )


def _of_files(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What pip's files say, the later ones count."""
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    for path in (*_files(environment), *([Path(named)] if named else [])):
        parser = configparser.RawConfigParser()
        # One that cannot be read says nothing; pip itself says so where it is used.
        with contextlib.suppress(OSError, configparser.Error, UnicodeError):
            parser.read(path, encoding="utf-8")
        for section in _SECTIONS:
            if parser.has_section(section):
                yield from ((name.replace("_", "-"), value) for name, value in parser.items(section))


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """All that are not named: none of them is in the current folder, which may be one of delivered footage."""
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    for folder in _folders(environment):
        if folder.is_absolute():
            yield folder / name


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environment.get("HOME") or environment.get("USERPROFILE") or "")
    if sys.platform == "win32":
        yield Path(environment.get("PROGRAMDATA", "C:/ProgramData")) / "pip"
        yield home / "pip"
        yield Path(environment.get("APPDATA", str(home))) / "pip"
    elif sys.platform == "darwin":
        yield Path("/Library/Application Support/pip")
        yield Path("/etc")
        yield home / ".pip"
        yield home / "Library" / "Application Support" / "pip"
        yield home / ".config" / "pip"
    else:
        for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
            yield Path(folder) / "pip"
        yield Path("/etc")
        yield home / ".pip"
        yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip"
    # That of the Python which makes the environments.
    yield Path(sys.base_prefix)


def read_address(address: str, settings: IndexSettings, most_bytes: int, accept: str = "*/*") -> tuple[bytes, str, str]:
    """What an address answers: the bytes, their type, and the address in the end.

    Raises:
        OSError: it does not answer, or with an error.
        ValueError: it is no address, or more comes than `most_bytes`.
    """
    parts = urllib.parse.urlsplit(address)
    headers = {"User-Agent": "handmocap", "Accept": accept}
    server = parts.netloc.rpartition("@")[2]
    login = _login(parts) or _login_of_index(settings, parts.scheme, server)
    if parts.username is not None:
        # urllib takes none in an address.
        address = parts._replace(netloc=server).geturl()
    context = ssl.create_default_context()
    if settings.certificates:
        context.load_verify_locations(cafile=settings.certificates)
    if settings.client_certificate:
        context.load_cert_chain(settings.client_certificate)
    if {parts.hostname, server} & set(settings.trusted_hosts):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if settings.proxy:
        handlers.append(urllib.request.ProxyHandler({"http": settings.proxy, "https": settings.proxy}))
    request = urllib.request.Request(address, headers=headers)
    if login is not None:
        # Not for whoever the server sends us on to.
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    with urllib.request.build_opener(*handlers).open(request, timeout=_PATIENCE_SECONDS) as answer:
        content = answer.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise ValueError(f"{address} has more than {most_bytes} bytes")
        return content, answer.headers.get_content_type(), answer.geturl()


def _login(parts: urllib.parse.SplitResult) -> str | None:
    """`name:password` of an address."""
    if parts.username is None:
        return None
    return f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"


def _login_of_index(settings: IndexSettings, scheme: str, server: str) -> str | None:
    """That of the index for what lies on its own server."""
    index = urllib.parse.urlsplit(settings.index or "")
    return _login(index) if (index.scheme, index.netloc.rpartition("@")[2]) == (scheme, server) else None


def answers(settings: IndexSettings) -> bool:
    """Whether the index answers anything at all, so that the network is not what is wrong."""
    if settings.index is None:
        return True
    try:
        read_address(settings.index.rstrip("/") + "/uv/", settings, 1)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except ValueError:
        return True  # more than the byte that was asked for
    except OSError:
        return False
    return True
