"""Against a real PostgreSQL with PostGIS, which the tests start and stop themselves."""

import hashlib
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import geopandas as gpd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ostwerk_analysis import DataError
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import parquet, postgis

PASSWORD = "Holunder-7391"  # noqa: S105 of a server that lives for seconds
SECOND = "Schlehe-4402"
VARIABLE = "CITY_PASSWORD"

TABLES = """
CREATE ROLE reader LOGIN PASSWORD '{password}';
CREATE ROLE foreigner LOGIN PASSWORD '{password}';
ALTER ROLE foreigner SET DateStyle = 'German';
ALTER ROLE foreigner SET TimeZone = 'Asia/Tokyo';
ALTER ROLE foreigner SET bytea_output = 'escape';
ALTER ROLE foreigner SET extra_float_digits = -10;

CREATE TABLE districts (
  district_id text PRIMARY KEY, name text, borough_id text, geom geometry(Polygon, 25833));
INSERT INTO districts SELECT '0' || n, name, borough, ST_SetSRID(ST_MakeEnvelope(
    318000 + x * 1000, 5691000 + y * 1000, 319000 + x * 1000, 5692000 + y * 1000), 25833)
  FROM (VALUES (1, 'Markt', 'A', -1, -1), (2, 'Ufer', 'A', 0, -1), (3, 'Feld', 'B', -1, 0),
    (4, 'Wald', 'B', 0, 0)) AS squares (n, name, borough, x, y);

CREATE TABLE kinds (id int8, amount numeric(12, 3), rate float8, is_open bool, opened date,
  at timestamptz, note varchar, raw bytea, more json);
INSERT INTO kinds VALUES
  (9007199254740993, 1.234, 0.1, true, '2026-03-01', '2026-03-01 12:00+01', 'ä 50% :x',
   '\\x00ff', '{{"a": 1}}'),
  (NULL, 90388.44, NULL, false, '0202-01-01', NULL, '', NULL, NULL),
  (3, 'NaN', 'Infinity', NULL, 'infinity', NULL, NULL, NULL, NULL);

CREATE SCHEMA "Amt";
CREATE TABLE "Amt"."Betriebe 1'x" ("Nr%" text PRIMARY KEY, name text);
INSERT INTO "Amt"."Betriebe 1'x" VALUES ('ä', 'drei'), ('b', 'zwei'), ('B', 'eins');

CREATE TABLE heap (name text, more json, spot geometry);
CREATE TABLE many AS SELECT n AS business_id, 'Betrieb ' || n AS name, n * 1.5 AS turnover_eur,
    ST_SetSRID(ST_MakePoint(310000 + n % 1000, 5690000 + n / 1000), 25833) AS spot
  FROM generate_series(1, 200000) AS n ORDER BY md5(n::text);
CREATE TABLE hidden (secret text);
CREATE TABLE log (said text);
CREATE FUNCTION write_down() RETURNS int LANGUAGE sql VOLATILE AS
  $$ INSERT INTO log VALUES ('was here'); SELECT 1 $$;
CREATE VIEW points AS SELECT 1 AS n, ST_SetSRID(
  ST_MakePoint(12.4, 51.3, 110), 4326)::geography AS g;
GRANT USAGE ON SCHEMA "Amt" TO reader;
GRANT SELECT ON districts, kinds, heap, many, log, points, "Amt"."Betriebe 1'x" TO reader;
GRANT SELECT ON kinds TO foreigner;
"""


def binaries() -> Path | None:
    """Find the folder of initdb and pg_ctl, of the newest version that is there."""
    candidates = [Path(found).parent for found in [shutil.which("initdb")] if found]
    if config := shutil.which("pg_config"):
        said = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        candidates.append(Path(said.stdout.strip()))
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(installed, key=lambda path: -float(path.parent.name))
    return next((path for path in candidates if (path / "initdb").exists()), None)


class Server:
    """A server of our own, with TLS, on loopback."""

    def __init__(self, home: Path, programs: Path):
        self.home, self.programs = home, programs
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def call(self, program: str, *arguments: object) -> None:
        """Call a program of PostgreSQL, which refuses to run as root."""
        other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        prefix = other if os.geteuid() == 0 else []
        subprocess.run(
            [*prefix, self.programs / program, *map(str, arguments)],
            cwd=self.home,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )

    def start(self) -> None:
        self.certify()
        (self.home / "password").write_text(PASSWORD)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (self.home, *self.home.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        data = self.home / "data"
        self.call(
            *("initdb", "-D", data, "-U", "keeper", "-E", "UTF8", "--locale=C", "--no-sync"),
            *("--auth=scram-sha-256", f"--pwfile={self.home / 'password'}"),
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.home,
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": self.home / "server.crt",
            "ssl_key_file": self.home / "server.key",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self.call("pg_ctl", "-D", data, "-w", "-l", self.home / "log", "-o", options, "start")

    def certify(self) -> None:
        """Make a certificate that nobody but ourselves has signed."""
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
                *("-keyout", "server.key", "-out", "server.crt"),
            ],
            cwd=self.home,
            capture_output=True,
            check=True,
        )
        (self.home / "server.key").chmod(0o600)

    def address(self, user: str = "reader", database: str = "city", host="127.0.0.1") -> str:
        return f"postgresql://{user}@{host}:{self.port}/{database}"

    def execute(self, *statements: str, database: str = "city") -> list[tuple]:
        """Do something as the server's keeper, and give what the last statement answers."""
        address = self.address("keeper", database)
        with psycopg.connect(address, password=PASSWORD, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def server():
    programs = binaries()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed; .ci/run names the packages")
        pytest.skip("PostgreSQL is not installed")
    home = Path(tempfile.mkdtemp(prefix="ostwerk-postgres-"))  # short, for the socket's name
    made = Server(home, programs)
    try:
        made.start()
        made.execute("CREATE DATABASE city", database="postgres")
        made.execute("CREATE EXTENSION postgis", TABLES.format(password=PASSWORD))
        yield made
    finally:
        if (home / "data" / "postmaster.pid").exists():
            made.call("pg_ctl", "-D", home / "data", "-m", "immediate", "stop")
        shutil.rmtree(home)


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


@pytest.fixture
def ask(server, tmp_path):
    """Fetch an answer: ``ask(relation="districts")`` gives the file."""

    def asked(progress=lambda written: None, **keys) -> Path:
        keys = {"address": server.address()} | keys
        if "relation" not in keys:
            keys.setdefault("query", "SELECT 1 AS one")
        file = tmp_path / "answer.parquet"
        postgis.fetch(Source(table="districts", path=file.name, **keys), file, progress)
        return file

    return asked


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


# ---- what arrives ----


def test_shapes_arrive_whole_with_the_crs_of_their_srid(ask):
    found = gpd.read_parquet(ask(relation="districts"))
    assert found.crs == "EPSG:25833"
    assert found.geometry.area.tolist() == [1e6] * 4
    assert found["district_id"].tolist() == ["01", "02", "03", "04"]
    assert found.geometry.bounds.iloc[3].tolist() == [318000, 5691000, 319000, 5692000]


def test_an_answer_is_read_like_any_other_file(ask):
    file = ask(relation="districts")
    source = Source(table="districts", path=file.name)
    read = parquet.read(source, file)
    assert (read.rows_read, len(read.faults)) == (4, 0)
    assert read.frame["name"].tolist() == ["Markt", "Ufer", "Feld", "Wald"]
    assert read.frame.crs == "EPSG:25833"


def test_numbers_keep_their_kind_and_everything_else_is_text(ask):
    found = pq.read_table(ask(relation="kinds"))
    kinds = [pa.int64(), pa.float64(), pa.float64(), pa.bool_(), *[pa.string()] * 5]
    assert found.schema.types == kinds
    by_id = {row["id"]: row for row in found.to_pylist()}
    assert by_id.keys() == {9007199254740993, 3, None}  # the first is no float
    first = by_id[9007199254740993]
    assert (first["amount"], first["rate"], first["is_open"]) == (1.234, 0.1, True)
    assert (first["opened"], first["at"]) == ("2026-03-01", "2026-03-01 11:00:00+00")
    assert (first["note"], first["raw"], first["more"]) == ("ä 50% :x", "\\x00ff", '{"a": 1}')
    assert (by_id[None]["rate"], by_id[None]["note"]) == (None, "")
    assert by_id[3]["rate"] == float("inf")


def test_three_digits_after_the_point_are_no_thousands(ask):
    file = ask(relation="kinds")
    cells = parquet.read(Source(table="grants", path=file.name), file).frame["amount"]
    assert sorted(cells.dropna()) == ["1.2340", "90388.44"]  # NaN is a gap


def test_a_view_of_degrees_with_heights_becomes_flat(ask):
    found = gpd.read_parquet(ask(relation="public.points"))
    assert found.crs == "EPSG:4326"
    assert found.geometry.iloc[0].wkt == "POINT (12.4 51.3)"


def test_shapes_without_srid_say_that_their_crs_is_unknown(ask):
    file = ask(query="SELECT ST_MakePoint(1, 2) AS spot")
    assert gpd.read_parquet(file).crs is None
    with pytest.raises(DataError, match="crs"):
        parquet.read(Source(table="sites", path=file.name), file)


def test_names_are_taken_as_they_are(ask):
    found = pq.read_table(ask(relation="Amt.Betriebe 1'x"))
    assert found.column_names == ["Nr%", "name"]


def test_percent_signs_colons_and_comments_in_a_query_are_left_alone(ask):
    found = pq.read_table(ask(query="SELECT 'a%s' AS \"x%\", ':b' AS y -- all;"))
    assert found.to_pylist() == [{"x%": "a%s", "y": ":b"}]


def test_a_database_without_postgis_will_do(server, ask):
    server.execute("CREATE TABLE IF NOT EXISTS plain AS SELECT 1 AS n", database="postgres")
    server.execute("GRANT SELECT ON plain TO reader", database="postgres")
    found = pq.read_table(ask(relation="plain", address=server.address(database="postgres")))
    assert found.to_pylist() == [{"n": 1}]


def test_an_empty_table_gives_an_empty_file(server, ask):
    server.execute("DELETE FROM heap")
    found = pq.read_table(ask(relation="heap"))
    assert (found.num_rows, found.column_names) == (0, ["name", "more", "geometry"])


# ---- the same rows, the same bytes ----


def test_order_follows_the_key_byte_by_byte(ask):
    found = pq.read_table(ask(relation="Amt.Betriebe 1'x"))
    assert found["name"].to_pylist() == ["eins", "zwei", "drei"]  # B, b, ä


def test_the_same_rows_give_the_same_bytes_in_whatever_order_they_lie(server, ask):
    rows = "SELECT n % 3 || '', json_build_object('n', n % 2), ST_MakePoint(n, n) "
    rows += "FROM generate_series(1, 50) AS n ORDER BY "
    sums = set()
    for order in ("n", "-n", "md5(n::text)"):
        server.execute("DELETE FROM heap", f"INSERT INTO heap {rows}{order}")
        sums.add(digest(ask(relation="heap")))
        sums.add(digest(ask(query="SELECT * FROM heap ORDER BY random()")))
    assert len(sums) == 1


def test_settings_of_a_user_change_nothing(server, ask):
    as_foreigner = digest(ask(relation="kinds", address=server.address("foreigner")))
    assert as_foreigner == digest(ask(relation="kinds"))


# ---- what is refused, and how it is said ----


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"relation": "nowhere"}, "no such table or view .*nowhere.* Correct relation"),
        ({"query": "SELECT * FROM nowhere"}, "no such table or view .* Correct query"),
        ({"query": "SELECT nothing FROM districts"}, "no such column .*nothing"),
        ({"relation": "hidden"}, "may not read that .*hidden.* GRANT SELECT"),
        ({"query": "SELECT"}, "no column"),
        ({"query": "SELEC 1"}, "cannot be understood .*syntax.* one SELECT"),
        ({"query": "SELECT 1; SELECT 2"}, "cannot be understood"),
        ({"query": "SELECT 1) AS a; DROP TABLE log; SELECT * FROM (SELECT 1"}, "cannot be under"),
        ({"query": "DELETE FROM districts"}, "cannot be understood"),
        ({"query": "WITH gone AS (DELETE FROM log RETURNING 1) SELECT 1"}, "one SELECT|refuses"),
        ({"query": "SELECT set_config('transaction_read_only', 'off', true)"}, "refuses .*mode"),
        ({"query": "SELECT 1 / 0 AS n"}, "refuses .division by zero"),
        ({"query": "SELECT 1 AS a, 2 AS a"}, "the column a twice"),
        ({"query": "SELECT 1 AS geometry, ST_MakePoint(1, 2) AS g"}, "the column geometry twice"),
        ({"query": "SELECT ST_MakePoint(1, 2) AS a, ST_MakePoint(1, 2) AS b"}, "shapes: a, b"),
        (
            {
                "query": "SELECT ST_SetSRID(ST_MakePoint(1, 2), n) AS g "
                "FROM (VALUES (25833), (4326)) AS codes (n)"
            },
            "several SRIDs: 4326, 25833",
        ),
        ({"query": "SELECT ST_SetSRID(ST_MakePoint(1, 2), 990000) AS g"}, "990000 is not an EPSG"),
        (
            {"query": "SELECT 'CURVEPOLYGON(CIRCULARSTRING(0 0,1 1,2 0,1 -1,0 0))'::geometry AS g"},
            "ST_CurveToLine",
        ),
    ],
)
def test_what_cannot_be_had_is_said_plainly(ask, keys, words):
    with pytest.raises(DataError, match=words) as refused:
        ask(**keys)
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))
    assert refused.value.text("de") != refused.value.text("en")


def test_a_query_that_writes_is_refused_and_nothing_is_written(server, ask):
    server.execute("GRANT ALL ON log TO reader")
    with pytest.raises(DataError, match="would change something there"):
        ask(query="SELECT write_down() AS n")
    assert server.execute("SELECT count(*) FROM log") == [(0,)]


def test_a_query_that_runs_too_long_is_stopped_at_the_server(server, ask):
    start = time.monotonic()
    with pytest.raises(DataError, match=r"longer than 0\.5 s"):
        ask(query="SELECT pg_sleep(60)", time_limit_s=0.5)
    assert time.monotonic() - start < 10
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'"
    assert server.execute(asleep + " AND pid <> pg_backend_pid() AND state = 'active'") == [(0,)]


def test_a_tiny_time_limit_is_not_none(ask):
    with pytest.raises(DataError, match="longer than"):
        ask(query="SELECT pg_sleep(5)", time_limit_s=0.0001)


def test_an_answer_that_comes_too_slowly_is_given_up(ask, monkeypatch):
    monkeypatch.setattr(postgis, "CHUNK_ROWS", 1)
    with pytest.raises(DataError, match="longer than 1 s"):
        ask(relation="districts", time_limit_s=1, progress=lambda written: time.sleep(0.6))


def test_a_connection_that_breaks_off_is_named(server, ask, monkeypatch):
    monkeypatch.setattr(postgis, "CHUNK_ROWS", 1)
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'"
    with pytest.raises(DataError, match="connection has broken off") as broken:
        ask(relation="districts", progress=lambda written: server.execute(ours))
    assert server.address() in str(broken.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"database": "nowhere"}, "no connection .*nowhere"),
        ({"user": "nobody"}, "no connection .*nobody.* environment variable PGPASSWORD"),
        ({"host": "no-such-host.invalid"}, "no connection .*no-such-host"),
    ],
)
def test_a_server_that_lets_nobody_in_is_named(server, ask, change, words):
    with pytest.raises(DataError, match=words):
        ask(address=server.address(**change))


def test_a_server_that_is_down_is_named(ask):
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"postgresql://reader@127.0.0.1:{taken.getsockname()[1]}/city"
        with pytest.raises(DataError, match=r"no connection .*refused"):
            ask(address=address)


def test_a_setting_that_there_is_not_is_named(server, ask):
    with pytest.raises(DataError, match="sslmodus"):
        ask(address=server.address() + "?sslmodus=require")


# ---- the password ----


def test_the_password_comes_from_the_variable_that_is_named(ask, monkeypatch):
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("CITY_PASSWORD", PASSWORD)
    assert ask(password_env=VARIABLE).exists()
    monkeypatch.setenv("CITY_PASSWORD", "")
    with pytest.raises(DataError, match="environment variable CITY_PASSWORD is empty"):
        ask(password_env=VARIABLE)


def test_a_wrong_password_is_named_by_its_variable_and_not_said(ask, monkeypatch):
    monkeypatch.setenv("CITY_PASSWORD", SECOND)
    with pytest.raises(DataError, match="CITY_PASSWORD") as refused:
        ask(password_env=VARIABLE)
    said = "".join(traceback.format_exception(refused.value)) + repr(refused.value.values)
    assert "reader" in said
    assert SECOND not in said
    assert PASSWORD not in said


def test_a_password_that_a_server_repeats_is_struck_out(ask):
    with pytest.raises(DataError, match="…") as refused:
        ask(query=f"SELECT '{PASSWORD}'::int AS n")
    assert PASSWORD not in refused.value.text("de")


# ---- TLS ----


def test_a_connection_is_encrypted_where_the_address_asks_for_it(server, ask):
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    for mode, is_encrypted in (("require", True), ("disable", False)):
        file = ask(query=query, address=f"{server.address()}?sslmode={mode}")
        assert pq.read_table(file).to_pylist() == [{"ssl": is_encrypted}]


def test_a_certificate_that_nobody_vouches_for_is_refused(server, ask, tmp_path):
    other = tmp_path / "other.crt"
    shutil.copyfile(server.home / "server.crt", other)
    strict = f"{server.address(host='localhost')}?sslmode=verify-full"
    with pytest.raises(DataError, match="certificate"):
        ask(address=f"{strict}&sslrootcert={tmp_path / 'none.crt'}")
    with pytest.raises(DataError, match="certificate"):
        ask(address=f"{server.address()}?sslmode=verify-full&sslrootcert={other}")  # by number
    assert ask(address=f"{strict}&sslrootcert={other}").exists()


# ---- much ----


def test_two_hundred_thousand_rows_go_through_a_bounded_memory(server, tmp_path):
    code = """
import resource, sys
from pathlib import Path
from ostwerk_analysis.programme import Source
from ostwerk_analysis.sources import postgis
source = Source(table="businesses", path="many.parquet", address=sys.argv[1], relation="many")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = postgis.fetch(source, Path("many.parquet"))
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    said = subprocess.run(
        [sys.executable, "-c", code, server.address()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    rows, mebibytes = map(int, said.stdout.split())
    assert rows == 200_000
    assert mebibytes < 150  # 75 measured; 300 where all rows are one part
    file = pq.ParquetFile(tmp_path / "many.parquet")
    assert file.metadata.num_row_groups == 200_000 // postgis.CHUNK_ROWS
    assert file.read(["business_id"])["business_id"].to_pylist()[:3] == [1, 10, 100]


# ---- the command ----


@pytest.fixture
def programme(server, tmp_path) -> Path:
    folder = tmp_path / "city"
    folder.mkdir()
    (folder / "programme.toml").write_text(
        f"""
[programme]
id = "city"
name = "City"
first_quarter = "2024-Q1"
crs = "EPSG:25833"

[city]
id = "stadt"
name = "Stadt"

[[sources]]
table = "districts"
path = "districts.parquet"
address = "{server.address()}"
relation = "districts"
password_env = "CITY_PASSWORD"
"""
    )
    return folder


def test_districts_are_fetched_and_checked_and_the_password_stays_out(programme, ostwerk):
    said = ostwerk("check", programme)
    assert (said.returncode, "ostwerk fetch" in said.stderr) == (2, True)
    fetched = ostwerk("fetch", programme, CITY_PASSWORD=PASSWORD)
    assert (fetched.returncode, fetched.stderr) == (0, "")
    assert re.search(r"districts\.parquet +fetched +\d", fetched.stdout)
    checked = ostwerk("check", programme)
    assert checked.returncode == 0
    assert re.search(r"districts\.parquet +4 +4 +0 +0", checked.stdout)
    assert "unchanged" in ostwerk("fetch", programme, CITY_PASSWORD=PASSWORD).stdout
    record = json.loads((programme / "fetched.json").read_text())["districts.parquet"]
    assert record["rows"] == 4
    for file in programme.rglob("*"):
        assert PASSWORD.encode() not in (file.read_bytes() if file.is_file() else b"")


def test_a_failed_fetch_leaves_the_answer_of_last_time(programme, ostwerk, tmp_path):
    assert ostwerk("fetch", programme, CITY_PASSWORD=PASSWORD).returncode == 0
    before = digest(programme / "districts.parquet")
    failed = ostwerk("fetch", programme, CITY_PASSWORD=SECOND, LANG="de_DE.UTF-8")
    assert failed.returncode == 2
    assert "Keine Verbindung" in failed.stderr
    assert SECOND not in failed.stdout + failed.stderr
    assert digest(programme / "districts.parquet") == before
    assert not list(tmp_path.rglob("ostwerk.log"))
