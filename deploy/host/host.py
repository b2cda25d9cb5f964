"""The host: its files, and the commands that change it. Files are only written if they differ."""

import contextlib
import grp
import hashlib
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from deploy.host.errors import HostError

ROOT_ONLY = 0o600
_APPLIED = "/var/lib/exposure-alert/applied"
# Both streams: certbot names the host names that failed on standard output, four lines each.
_ERROR_LINES = 30


class Host:
    """The host itself; or a folder with the same files below it, where commands are printed instead of run.

    `changed` lists what was changed, so that a second run can be seen to change nothing.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self.is_real = self.runs_commands = root == Path("/")
        self.changed: list[str] = []

    def path(self, path: str | Path) -> Path:
        """Return where a file of the host is."""
        return self.root / str(path).lstrip("/")

    def write(self, path: str, text: str, mode: int = 0o644, group: str = "root") -> bool:
        """Write a file that root owns; return whether its text, mode or group changed. It is replaced as a whole."""
        file = self.path(path)
        gid = grp.getgrnam(group).gr_gid if self.is_real else os.getgid()
        if file.is_file() and file.read_text() == text:
            status = file.stat()
            if (status.st_mode & 0o7777, status.st_gid) == (mode, gid):
                return False
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
            os.fchown(stream.fileno(), os.getuid(), gid)
            os.fchmod(stream.fileno(), mode)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(file)
        self.changed.append(path)
        return True

    def make_folder(self, path: str, mode: int = 0o755, owner: str = "root") -> None:
        """Make a folder, or correct its mode and owner."""
        folder = self.path(path)
        user = pwd.getpwnam(owner) if self.is_real else pwd.getpwuid(os.getuid())
        if not folder.is_dir():
            folder.mkdir(parents=True)
            self.changed.append(path)
        status = folder.stat()
        if (status.st_mode & 0o7777, status.st_uid, status.st_gid) != (mode, user.pw_uid, user.pw_gid):
            os.chown(folder, user.pw_uid, user.pw_gid)
            folder.chmod(mode)
            if path not in self.changed:
                self.changed.append(path)

    def link(self, path: str, target: str) -> None:
        """Let a symbolic link point at a path, in one step."""
        link = self.path(path)
        if link.is_symlink() and str(link.readlink()) == target:
            return
        draft = link.with_name(f".{link.name}.new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(target)
        draft.replace(link)
        self.changed.append(path)

    def remove(self, path: str) -> None:
        """Delete a file or a link, if it exists."""
        file = self.path(path)
        if file.is_symlink() or file.exists():
            file.unlink()
            self.changed.append(path)

    def apply(self, name: str, files: list[str], *commands: tuple[str, ...]) -> bool:
        """Run the commands after which a program uses its files, unless they succeeded since a file changed last.

        A file keeps what was applied, so that a run that was interrupted before the commands is completed by the next.
        """
        digest = hashlib.sha256(b"\0".join(self.path(file).read_bytes() for file in files)).hexdigest()
        applied = self.path(f"{_APPLIED}/{name}")
        if applied.is_file() and applied.read_text() == digest:
            return False
        for command in commands:
            self.run(*command)
        applied.parent.mkdir(parents=True, exist_ok=True)
        applied.write_text(digest)
        return True

    def note(self, change: str) -> None:
        """Record a change that a command made."""
        if self.is_real:
            self.changed.append(change)

    def run(
        self,
        *argv: str,
        user: str = "",
        text: str = "",
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> str:
        """Run a command, as another user if one is named; return its output. Raises HostError if it fails."""
        command = ["runuser", "--user", user, "--", *argv] if user else list(argv)
        if not self.runs_commands:
            print("would run:", " ".join(command))
            return ""
        try:
            done = subprocess.run(
                command,
                input=text,
                text=True,
                capture_output=True,
                env={**os.environ, **(environment or {})},
                cwd=folder or "/",
                check=False,
            )
        except OSError as error:
            raise HostError(f"{command[0]} cannot be run: {error.strerror}") from None
        if done.returncode != 0:
            lines = (done.stdout + done.stderr).strip().splitlines()[-_ERROR_LINES:]
            raise HostError("\n".join([f"{argv[0]} failed with status {done.returncode}:", *lines]))
        return done.stdout

    def succeeds(self, *argv: str) -> bool:
        """Return whether a command exists and ends with status 0. Its output is discarded."""
        if not self.runs_commands:
            return False
        try:
            return subprocess.run(argv, capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False


def report(line: str) -> None:
    """Print a line of progress at once. A terminal that was closed, as by a lost connection, does not matter."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def require_root() -> None:
    """Exit if this process is not root's."""
    if os.geteuid() != 0:
        sys.exit("exposure-alert: run this as root, for example with sudo")
