"""Publishing an image again after an interruption (bin/publish-image), with fakes of Docker and of GitHub."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.guards.source import ROOT

FILES = ["image.cdx.json", "image.cdx.json.sigstore.json", "image.txt", "image.txt.sigstore.json"]
# As the real one: without --clobber, a file that the release has is refused, and those before it are uploaded.
GH = """#!/bin/bash
case "$2" in
  view) ls "$RELEASE" ;;
  upload)
    shift 3
    if [[ $1 == --clobber ]]; then clobber=1; shift; fi
    for file in "$@"; do
      if [[ -e $RELEASE/$file && ! ${clobber-} ]]; then echo "asset under the same name already exists" >&2; exit 1; fi
      cp "$file" "$RELEASE/"
    done ;;
esac
"""
DOCKER = """#!/bin/bash
case "$1" in
  save) touch "$3" ;;
  push) echo pushed >> "$PUSHES" ;;
  image) echo "ghcr.io/owner/project@sha256:$(wc -l < "$PUSHES")" ;;
esac
"""
SIGN = '#!/bin/bash\ncp "$6" "$5"\n'  # release sigstore sign --bundle BUNDLE FILE


class Publication:
    """A copy of the script, the files of a release, and what was pushed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.release, self.pushes = folder, folder / "release", folder / "pushes"
        self.release.mkdir()
        self.pushes.touch()
        (folder / "bin").mkdir()
        (folder / "fakes").mkdir()
        for script in ("publish-image", "check-container"):
            shutil.copy(ROOT / "bin" / script, folder / "bin" / script)
        for place, text in (
            ("fakes/gh", GH),
            ("fakes/docker", DOCKER),
            ("fakes/git", "#!/bin/sh\necho commit\n"),
            ("bin/install-apart", SIGN),
        ):
            (folder / place).write_text(text)
            (folder / place).chmod(0o755)

    def run(self) -> "subprocess.CompletedProcess[str]":
        """Publish v1.0.0."""
        environment = {
            "PATH": f"{self.folder / 'fakes'}:{os.environ['PATH']}",
            "RELEASE": str(self.release),
            "PUSHES": str(self.pushes),
            "GITHUB_REPOSITORY": "Owner/Project",
            "GITHUB_ACTOR": "owner",
            "GH_TOKEN": "token",
        }
        script = [self.folder / "bin" / "publish-image", "v1.0.0"]
        return subprocess.run(script, env=environment, capture_output=True, text=True, timeout=60, check=False)

    @property
    def published(self) -> dict[str, str]:
        """The files of the release."""
        return {path.name: path.read_text() for path in sorted(self.release.iterdir())}


@pytest.fixture
def publication(tmp_path: Path) -> Publication:
    return Publication(tmp_path)


@pytest.mark.parametrize("left", [0, 1, 3])
def test_an_interrupted_publication_is_completed_by_a_second_run(publication: Publication, left: int) -> None:
    (publication.release / "sbom.cdx.json").touch()
    for name in FILES[:left] if left != 1 else ["image.txt"]:
        (publication.release / name).write_text("of the first run")

    done = publication.run()

    assert (done.returncode, done.stderr) == (0, "")
    assert set(publication.published) == {*FILES, "sbom.cdx.json"}
    assert "of the first run" not in publication.published.values()
    assert publication.published["image.txt.sigstore.json"] == publication.published["image.txt"]


def test_a_published_image_is_not_replaced(publication: Publication) -> None:
    assert publication.run().returncode == 0
    before = publication.published

    assert publication.run().returncode == 0

    assert publication.published == before
    assert publication.pushes.read_text() == "pushed\n"
