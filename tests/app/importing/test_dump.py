"""A folder of dumps (app/importing/dump.py), made by the very commands of docs/moving.md."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.app.importing.conftest import code_row, figures, key_row, printed, run_import
from tests.support.mariadb import PublicServer
from tests.support.programs import require_program
from tests.support.service import Phone, Service, exposure_key
from tests.support.settings import LABEL, TOKEN

DOCUMENT = Path(__file__).parents[3] / "docs" / "moving.md"
(SCRIPT,) = [
    block
    for block in re.findall(r"^```sh\n(.*?)^```$", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    if "mkdir dump" in block
]
TABLES_HERE = (
    "encryption_keys",
    "diagnosis_keys",
    "qr_outbreak_events",
    "events",
    "tek_upload_count",
    "otk_life_duration",
)


@pytest.fixture
def folder(public: PublicServer, tmp_path: Path) -> Path:
    """The folder of a script's working directory, in which `mysql` finds the server as with a `~/.my.cnf`."""
    client = require_program("mariadb")
    (tmp_path / "options.cnf").write_text(
        f'[client]\nhost=127.0.0.1\nport={public.port}\nuser=reader\npassword="p@ss:word"\n'
    )
    (tmp_path / "options.cnf").chmod(0o600)
    program = tmp_path / "bin" / "mysql"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {client} --defaults-file={tmp_path}/options.cnf "$@"\n')
    program.chmod(0o755)
    return tmp_path


def dump(folder: Path) -> str:
    """Run the commands of the document, and return the folder that they made."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["bash", "-e", "-c", SCRIPT], cwd=folder, env=os.environ | {"PATH": path}, check=True, timeout=60)
    return str(folder / "dump")


def fill(public: PublicServer, phone: Phone) -> None:
    """Store a row or two in each table."""
    seconds = int(datetime.now(UTC).timestamp())
    public.insert("encryption_keys", code_row(hash_id="a" * 128), code_row(phone), code_row(originator=None))
    public.insert("diagnosis_keys", key_row(1), key_row(2, originator=None))
    event = {"location_id": "AAAAAAAA", "originator": TOKEN, "start_time": seconds - 60, "end_time": seconds}
    public.insert("qr_outbreak_events", event)
    day = "2021-03-04"
    public.insert(
        "events", {"source": LABEL, "identifier": "OTKClaimed", "device_type": "Server", "date": day, "count": 3}
    )
    public.insert("tek_upload_count", {"originator": LABEL, "date": day, "count": 14, "first_upload": 1})
    public.insert("otk_life_duration", {"originator": LABEL, "hours": 6, "date": day, "count": 3})


def test_a_dump_brings_what_the_database_itself_brings(public: PublicServer, here: Service, folder: Path) -> None:
    phone = Phone()
    fill(public, phone)
    from_dump = figures(run_import(here, dump(folder)))
    assert [from_dump[table][:2] for table in TABLES_HERE] == [(3, 3), (2, 2), (1, 1), (1, 1), (1, 1), (1, 1)]
    assert here.upload(phone, [exposure_key(9)]).status_code == 200
    from_database = figures(run_import(here, public))
    assert [from_database[table] for table in TABLES_HERE] == [(rows, 0, 0, rows, 0) for rows in (3, 2, 1, 1, 1, 1)]


def test_both_languages_give_the_same_commands() -> None:
    english, french = (
        re.findall(r"^ *```(?:sh|sql)\n.*?^ *```$", path.read_text(), re.DOTALL | re.MULTILINE)
        for path in (DOCUMENT, DOCUMENT.with_name("moving.fr.md"))
    )
    assert len(english) == 7
    assert french == english


def test_a_dump_is_for_its_owner_alone(public: PublicServer, folder: Path) -> None:
    made = Path(dump(folder))
    assert {oct(path.stat().st_mode)[-3:] for path in made.iterdir()} == {"600"}


def write(folder: Path, **files: str) -> str:
    """Write a folder of dumps with the main tables; `files` replaces or adds some, a dot in a name being two `_`."""
    for row, name in ((code_row(), "encryption_keys"), (key_row(), "diagnosis_keys")):
        texts = {column: value.hex() if isinstance(value, bytes) else value for column, value in row.items()}
        values = ["" if value is None else str(value) for value in texts.values()]
        (folder / f"{name}.csv").write_text(",".join(texts) + "\n" + ",".join(values).replace("+00:00", "") + "\n")
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return str(folder)


def test_comma_separated_files_are_read(here: Service, tmp_path: Path) -> None:
    events = 'identifier,source,device_type,date,count,id\n"OTK""Claimed",ON,Server,2021-03-04,5,1\n'
    uploads = "originator,date,count,first_upload\nON,2021-03-04,5,\\N\n"
    result = run_import(here, write(tmp_path, events__csv=events, tek_upload_count__csv=uploads))
    brought = printed(result)
    assert [brought[name] for name in ("encryption_keys", "diagnosis_keys", "events")] == [(1, 1, 0, 0, 0)] * 3
    assert "tek_upload_count: 1 refused: first_upload is NULL" in result.stderr
    assert [row.identifier for row in here.rows("SELECT identifier FROM events")] == ['OTK"Claimed']


def test_escapes_and_nulls_of_the_client_are_understood(here: Service, tmp_path: Path) -> None:
    header = "location_id\toriginator\tstart_time\tend_time\tseverity\tcreated\n"
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    lines = f"A\\\\B\\tCD\tNULL\t1\t2\tNULL\t{now}\nABCDEFGH\t\\N\t1\t2\t3\t{now}\n"
    figures(run_import(here, write(tmp_path, qr_outbreak_events__tsv=header + lines)))
    rows = here.rows("SELECT location_id, originator, severity FROM qr_outbreak_events ORDER BY severity")
    assert [tuple(row) for row in rows] == [("A\\B\tCD", None, 0), ("ABCDEFGH", None, 3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,identifier\n", "events.csv: the header row lacks count, date, device_type"),
        ("", "events.csv: the header row lacks count, date, device_type, identifier, source"),
        (
            "source,identifier,device_type,date,count\nON,OTKClaimed,Server,2021-03-04,5\nON,OTKCl",
            "events.csv: row 3 has 2 values, not 5",
        ),
    ],
)
def test_a_file_that_is_not_whole_is_refused_before_anything_is_written(
    here: Service, tmp_path: Path, text: str, message: str
) -> None:
    result = run_import(here, write(tmp_path, events__csv=text))
    assert (result.exit_code, result.stderr) == (1, f"Error: {message}\n")
    assert here.rows("SELECT * FROM diagnosis_keys") == []


def test_a_file_that_was_cut_off_in_its_last_number_is_refused(here: Service, tmp_path: Path) -> None:
    text = "source\tidentifier\tdevice_type\tdate\tcount\nON\tOTKClaimed\tServer\t2021-03-04\t12"  # of 1234
    result = run_import(here, write(tmp_path, events__tsv=text))
    message = "Error: events.tsv: row 2 does not end: the file was cut off\n"
    assert (result.exit_code, result.stderr) == (1, message)
    assert here.rows("SELECT * FROM events") == []


def test_bytes_that_are_not_hexadecimal_are_refused_without_showing_them(here: Service, tmp_path: Path) -> None:
    source = write(tmp_path)
    path = tmp_path / "encryption_keys.csv"
    path.write_text(re.sub(r"\n[0-9a-f]{64}", "\nsecret-key", path.read_text()))
    result = run_import(here, source)
    assert "encryption_keys: 1 refused: server_private_key is not hexadecimal" in result.stderr
    assert "secret-key" not in result.output


def test_a_table_without_rows_is_dumped_and_read_as_one(public: PublicServer, here: Service, folder: Path) -> None:
    """Without `--quick`, the client of MySQL writes no header for an empty table."""
    public.insert("diagnosis_keys", key_row(1))
    brought = figures(run_import(here, dump(folder)))
    assert [brought[table][:2] for table in TABLES_HERE] == [(0, 0), (1, 1), (0, 0), (0, 0), (0, 0), (0, 0)]
