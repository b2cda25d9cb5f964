"""The portal is apart from what serves phones."""

import subprocess
import sys

from tests.guards.source import ROOT

PROGRAM = """
import sys
from app import create_app
from tests.support.settings import make_settings
urls = ("postgresql://nobody@127.0.0.1/none", "redis://127.0.0.1:1/0")
create_app(make_settings(*urls, SURFACES="submission,retrieval"))
names = ("app.portal", "app.store.portal", "flask_wtf", "webauthn", "argon2", "zxcvbn")
print([name for name in sys.modules if name.startswith(names)])
"""


def test_a_process_that_serves_phones_imports_nothing_of_the_portal() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
