"""Starts a program that goes down with its parent, as another user if asked: `tether.py PARENT SIGNAL ACCOUNT ARGV...`

It prepares the process and then becomes the program. It is a program of its own, not a `preexec_fn`, because Python
code between fork and exec can deadlock when the parent has threads. It is run isolated (`-I`) and imports nothing
of ours.
"""

import ctypes
import os
import signal
import sys
from dataclasses import dataclass

# From <linux/prctl.h> and <linux/capability.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_OVERRIDE = 1

_PARENT_IS_GONE = 1
_CANNOT_RUN = 126


@dataclass(frozen=True)
class Account:
    """The user and group that a program runs as; `reads_everything` keeps root's way past file permissions."""

    uid: int
    gid: int
    reads_everything: bool = False

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid}:{int(self.reads_everything)}"

    @classmethod
    def parse(cls, text: str) -> "Account":
        """Read what __str__ wrote."""
        uid, gid, reads_everything = (int(part) for part in text.split(":"))
        return cls(uid, gid, bool(reads_everything))


def tethered(argv: list[str], on_parent_death: signal.Signals, account: Account | None = None) -> list[str]:
    """Return the command that runs `argv`; Linux sends it `on_parent_death` when this process ends, however it ends.

    Linux ties the signal to the thread that starts the command: it must live as long as the command should.
    """
    prepared = [str(os.getpid()), str(int(on_parent_death)), str(account or "")]
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), *prepared, *argv]  # noqa: PTH100 - pathlib is slow to load


def _main(parent: str, on_parent_death: str, account: str, *argv: str) -> int:
    try:
        if account:
            _become(Account.parse(account))
        if sys.platform == "linux":
            # After the change of user, which clears it.
            _call("prctl", _PR_SET_PDEATHSIG, int(on_parent_death), 0, 0, 0)
            if os.getppid() != int(parent):
                return _PARENT_IS_GONE
        os.execvp(argv[0], argv)  # noqa: S606 - the point of this program
    except OSError as error:
        print(f"cannot run {argv[0]}: {error}", file=sys.stderr)
        return _CANNOT_RUN


def _become(account: Account) -> None:
    if account.reads_everything:
        # The change of user then keeps root's capabilities. And so does access(2), by which initdb looks for postgres.
        _call("prctl", _PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if account.reads_everything:
        _keep_only_dac_override()


def _keep_only_dac_override() -> None:
    """Keep one capability through the coming exec: an ambient one, which must be permitted and inheritable first."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    only = 1 << _CAP_DAC_OVERRIDE
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(only, only, only, 0, 0, 0)
    _call("capset", header, effective_permitted_inheritable)
    _call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library; raise OSError when it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Each number goes as a long: prctl takes a variable number of arguments and reads them as such.
    longs = [ctypes.c_ulong(argument) if isinstance(argument, int) else argument for argument in arguments]
    if getattr(libc, name)(*longs) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
