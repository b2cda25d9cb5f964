"""The packages of a project (review_apps/dependencies.py), from an index of the test's own."""

import hashlib
import ssl
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from review_apps.dependencies import Dependencies
from review_apps.errors import ReviewAppError
from tests.support.serving import serve_in_thread

WHEEL = "tinypackage-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: tinypackage\nVersion: 1.0\n"
TAGS = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Log nothing."""


def put_index(folder: Path) -> str:
    """Make a package index with one package; return the hash of its wheel."""
    page = folder / "simple" / "tinypackage"
    page.mkdir(parents=True)
    with zipfile.ZipFile(page / WHEEL, "w") as wheel:
        wheel.writestr("tinypackage.py", "ANSWER = 42\n")
        wheel.writestr("tinypackage-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("tinypackage-1.0.dist-info/WHEEL", TAGS)
        wheel.writestr("tinypackage-1.0.dist-info/RECORD", "")
    (page / "index.html").write_text(f'<!doctype html><a href="{WHEEL}">{WHEEL}</a>')
    return hashlib.sha256((page / WHEEL).read_bytes()).hexdigest()


def put_certificates(folder: Path) -> tuple[Path, Path]:
    """Make a certificate authority and a certificate for localhost; return the files of both."""
    now, made = datetime.now(UTC), {}
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("authority", "localhost")}
    names = {name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in keys}
    for name in keys:
        is_authority = name == "authority"
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names["authority"])
            .public_key(keys[name].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        )
        certificate = builder.sign(keys["authority"], hashes.SHA256())
        pem = serialization.Encoding.PEM
        key = keys[name].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        made[name] = folder / f"{name}.pem"
        made[name].write_bytes(certificate.public_bytes(pem) + (b"" if is_authority else key))
    return made["authority"], made["localhost"]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The hash of a package whose index has a certificate of a private authority, which pip alone is told."""
    digest = put_index(tmp_path)
    authority, own = put_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CERT", str(authority))
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"https://localhost:{server.server_port}/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with serve_in_thread(server):
        yield digest


def install(folder: Path, **files: str) -> list[str]:
    """Install a project with these files; return what was logged."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    for name, text in files.items():
        (source / name.replace("__", ".")).write_text(text)
    lines: list[str] = []
    Dependencies(source, folder / "venv", lines.append).install()
    return lines


def answer(folder: Path) -> str:
    command = [folder / "venv" / "bin" / "python", "-c", "import tinypackage; print(tinypackage.ANSWER)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_an_index_is_trusted_that_pip_trusts(index: str, tmp_path: Path) -> None:
    install(tmp_path, requirements__txt="tinypackage\n")
    assert answer(tmp_path) == "42\n"


def test_a_hash_that_is_listed_must_be_right(index: str, tmp_path: Path) -> None:
    install(tmp_path, requirements__txt=f"tinypackage==1.0 --hash=sha256:{index}\n")
    assert answer(tmp_path) == "42\n"
    with pytest.raises(ReviewAppError, match="the requirements cannot be installed"):
        install(tmp_path, requirements__txt=f"tinypackage==1.0 --hash=sha256:{'0' * 64}\n")


def test_of_several_lists_the_first_is_installed_and_named(index: str, tmp_path: Path) -> None:
    files = {"requirements__txt": "tinypackage\n", "uv__lock": "no lock file"}
    assert install(tmp_path, **files) == ["of requirements.txt, uv.lock, requirements.txt is installed"]


def test_a_python_that_is_missing_is_named(index: str, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / ".python-version").write_text("# newest\n3.99\n")
    (line,) = install(
        tmp_path, pyproject__toml='[project]\nname = "x"\nversion = "1"\ndependencies = ["tinypackage"]\n'
    )
    assert line.startswith("Python 3.99 is not installed: 3.")
    assert answer(tmp_path) == "42\n"
