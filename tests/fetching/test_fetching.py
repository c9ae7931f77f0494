"""Against a real server on loopback, which serves well, badly, slowly and not at all."""

import gzip
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ostwerk_analysis import DataError, fetching
from ostwerk_analysis.faults import OstwerkError
from ostwerk_analysis.programme import Programme, Source

from .conftest import DISTRICTS, GRANTS, PAGE, names, sha256

# ---- a good file ----


def test_a_good_file_is_brought_and_written_down(grants, folder):
    found = grants()
    assert (found.status, found.size, found.error) == ("fetched", len(GRANTS), None)
    assert (found.path, found.tables) == ("grants.csv", ("grants",))
    assert (folder / "grants.csv").read_bytes() == GRANTS
    [(path, record)] = json.loads((folder / "fetched.json").read_text()).items()
    assert (path, record["sha256"]) == ("grants.csv", sha256(GRANTS))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", record["fetched_on"])
    assert names(folder) == {"programme.toml", "grants.csv", "fetched.json"}


def test_a_fetched_file_may_be_read_by_those_who_may_read_others(grants, folder):
    grants()
    assert (folder / "grants.csv").stat().st_mode == (folder / "programme.toml").stat().st_mode


def test_a_file_keeps_its_permissions(grants, folder):
    grants()
    (folder / "grants.csv").chmod(0o640)
    assert grants(GRANTS + b"G2,B1,aid,2024-03-01,approved\n").status == "fetched"
    assert (folder / "grants.csv").stat().st_mode & 0o777 == 0o640


def test_a_packed_answer_is_unpacked(grants, folder):
    def packed(handler):
        handler.give(gzip.compress(GRANTS), Content_Encoding="gzip")

    assert grants(packed).status == "fetched"
    assert (folder / "grants.csv").read_bytes() == GRANTS


def test_progress_is_told_in_bytes(city, web):
    told = []
    fetching.fetch(city(), progress=lambda *one: told.append(one))
    assert told[-1] == ("districts.geojson", len(DISTRICTS), len(DISTRICTS))


def test_a_file_of_two_sources_is_fetched_once_and_must_fit_both(city, web, folder):
    programme = city(grants=f'address = "{web.at("/grants.csv")}"')
    web.answers["/grants.csv"] = GRANTS
    with (folder / "programme.toml").open("a") as file:
        file.write('[[sources]]\ntable = "sites"\npath = "./grants.csv"\n')
    programme = Programme.read(folder)
    [found] = fetching.fetch(programme, only="grants.csv")
    assert (found.tables, found.status) == (("grants", "sites"), "failed")
    assert "sites" in str(found.error)
    assert len(web.asked) == 1


# ---- nothing new ----


def test_an_unchanged_file_is_not_sent_again(grants, web, folder):
    sent = []

    def answer(handler):
        if handler.headers.get("If-None-Match") == '"v1"':
            handler.send_response(304)
            handler.end_headers()
        else:
            sent.append(handler.path)
            handler.give(GRANTS, ETag='"v1"', Last_Modified="Mon, 02 Nov 2026 08:00:00 GMT")

    assert grants(answer).status == "fetched"
    assert grants(answer).status == "unchanged"
    assert web.asked[-1][1]["If-Modified-Since"] == "Mon, 02 Nov 2026 08:00:00 GMT"
    assert len(sent) == 1
    # A file that someone has changed, or lost, is fetched whole.
    (folder / "grants.csv").write_bytes(GRANTS[:-5])
    assert grants(answer).status == "fetched"
    (folder / "grants.csv").unlink()
    assert grants(answer).status == "fetched"
    assert len(sent) == 3


def test_the_same_bytes_again_are_unchanged_without_the_servers_help(grants, folder):
    grants()
    before = (folder / "grants.csv").stat()
    assert grants().status == "unchanged"
    assert (folder / "grants.csv").stat().st_ino == before.st_ino


def test_a_file_of_the_stated_sum_needs_no_network(grants, web):
    stated = f'sha256 = "{sha256(GRANTS)}"'
    assert grants(keys=stated).status == "fetched"
    asked = len(web.asked)
    assert grants(keys=stated).status == "unchanged"
    assert len(web.asked) == asked


def test_a_file_of_another_sum_is_not_left_because_the_server_has_nothing_newer(grants):
    def answer(handler):
        is_asked = "If-None-Match" in handler.headers
        handler.give(b"" if is_asked else GRANTS, 304 if is_asked else 200, ETag='"v1"')

    assert [grants(answer).status for _ in range(2)] == ["fetched", "unchanged"]
    assert grants(answer, f'sha256 = "{sha256(b"v2")}"').status == "failed"


def test_a_sum_may_be_written_in_capitals(grants):
    stated = f'sha256 = "{sha256(GRANTS).upper()}"'
    assert [grants(keys=stated).status for _ in range(2)] == ["fetched", "unchanged"]


def test_an_answer_that_says_unchanged_unasked_is_refused(grants):
    said = grants(lambda handler: handler.give(b"", status=304)).error
    assert "does not give it (304" in str(said)


def test_a_file_that_nobody_fetched_is_kept_as_a_copy(grants, folder):
    folder.mkdir()
    by_hand = GRANTS.replace(b"2024-02-01", b"2024-02-02")
    (folder / "grants.csv").write_bytes(by_hand)
    found = grants()
    assert found.kept == f"grants.{sha256(by_hand)[:8]}.csv"
    assert (folder / found.kept).read_bytes() == by_hand
    assert grants(GRANTS + b"G2,B1,aid,2024-03-01,approved\n").kept == ""


# ---- what goes wrong ----


def truncated(handler):
    handler.give(GRANTS[:40], length=len(GRANTS))


def page(handler):
    handler.give(PAGE, Content_Type="text/html")


def endless(handler):
    handler.give(b"", status=302, Location="/grants.csv")


def to_plain_ftp(handler):
    handler.give(b"", status=302, Location="ftp://127.0.0.1/grants.csv")


def to_this_machine(handler):
    handler.give(b"", status=302, Location="file:///etc/hostname")


def busy(handler):
    handler.give(b"", status=503)


def forbidden(handler):
    handler.give(b"", status=403)


def nonsense(handler):
    handler.wfile.write(b"what do you want?\r\n\r\n")


def wrong_packing(handler):
    handler.give(b"no gzip at all", Content_Encoding="gzip")


def to_itself_with_a_key(handler):
    handler.give(b"", status=302, Location="/grants.csv?key=Holunder")


def silent_redirect(handler):
    handler.give(PAGE, status=300)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, r"no such file \(404 Not Found\)"),
        (truncated, "cut off"),
        (page, "a web page instead, titled 'Nicht gefunden & weg'"),
        (b"\xef\xbb\xbf\n<!-- -->\n<html lang='de'>", "a web page instead, titled '<html'"),
        (endless, "redirected more than 5 times"),
        (to_itself_with_a_key, "redirected more than 5 times"),
        (to_plain_ftp, "less safe"),
        (to_this_machine, "less safe"),
        (busy, r"busy or out of order \(503"),
        (forbidden, r"does not give it \(403 Forbidden\)"),
        (silent_redirect, r"does not give it \(300"),
        (nonsense, "cannot be reached|cannot be understood"),
        (wrong_packing, "cannot be understood"),
        (b"", "empty"),
        (GRANTS.replace(b"status", b"state"), "no column 'status'.*nearest is 'state'"),
        (b"Error: session expired", "grants.csv"),
    ],
)
def test_what_goes_wrong_is_said_and_leaves_the_old_file(grants, folder, web, answer, words):
    grants()
    record = (folder / "fetched.json").read_bytes()
    failed = grants(answer)
    assert failed.status == "failed"
    assert re.search(words, failed.error.text("en"))
    assert failed.error.text("de") != failed.error.text("en")
    assert "Holunder" not in str(failed.error)
    assert failed.size == len(GRANTS)
    assert (folder / "grants.csv").read_bytes() == GRANTS
    assert (folder / "fetched.json").read_bytes() == record
    assert names(folder) == {"programme.toml", "grants.csv", "fetched.json"}


def test_a_failed_download_says_what_to_bring_by_hand_and_where_to(grants, folder, web):
    said = str(grants(None).error)
    assert said.endswith(
        f"By hand: bring the file of {web.at('/grants.csv')} to {folder / 'grants.csv'}"
    )


def test_another_sum_than_the_stated_one_is_refused(grants, folder):
    stated = sha256(b"what was there in May")
    said = str(grants(keys=f'sha256 = "{stated}"').error)
    assert sha256(GRANTS) in said
    assert stated in said
    assert not (folder / "grants.csv").exists()


def test_a_server_that_falters_is_asked_again(grants, web):
    asked = []

    def falters(handler):
        asked.append(handler.path)
        [busy, truncated, lambda handler: handler.give(GRANTS)][len(asked) - 1](handler)

    assert grants(falters).status == "fetched"
    assert len(asked) == 3


def test_what_will_not_change_is_not_asked_again(grants, web):
    grants(forbidden)
    assert len(web.asked) == 1


def test_a_redirect_to_the_file_is_followed(grants, web, folder):
    web.answers["/old.csv"] = lambda handler: handler.give(b"", 301, Location="/grants.csv")
    assert grants(path="/old.csv").status == "fetched"


def test_a_redirect_from_https_to_http_is_not_followed():
    class Response:
        url, headers = "https://example.org/a", {"location": "http://example.org/a"}

    with pytest.raises(DataError, match=r"from https to http://example\.org/a, a way .* less safe"):
        fetching._onward(Response)
    Response.url, Response.headers = "http://example.org/a", {"location": "https://example.org/b"}
    assert fetching._onward(Response) == "https://example.org/b"


def test_a_server_that_sends_nothing_is_left(grants, monkeypatch):
    monkeypatch.setattr(fetching, "READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr(fetching, "BACKOFF_S", ())
    said = str(grants(lambda handler: time.sleep(1)).error)
    assert "sends nothing for 0.2 s" in said


def test_a_server_that_stops_in_the_middle_is_left(grants, monkeypatch):
    monkeypatch.setattr(fetching, "READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr(fetching, "BACKOFF_S", ())

    def stops(handler):
        handler.give(GRANTS[:30], length=len(GRANTS))
        handler.wfile.flush()
        time.sleep(1)

    assert "sends nothing for 0.2 s" in str(grants(stops).error)


def drips(handler):
    """Send a byte now and then, so that no read ever times out."""
    handler.give(b"", length=10_000)
    for _ in range(60):
        try:
            handler.wfile.write(b"x")
        except OSError:
            return
        time.sleep(0.1)


def test_a_server_that_drips_is_left_after_the_time_limit(grants):
    start = time.monotonic()
    said = str(grants(drips, "time_limit_s = 0.5").error)
    assert "It took longer than 0.5 s" in said
    assert time.monotonic() - start < 4


def test_a_file_beyond_the_size_limit_is_refused(grants):
    def large(handler):
        handler.give(GRANTS + b"x" * 2_000_000)

    assert "larger than 0.5 MB" in str(grants(large, "size_limit_mb = 0.5").error)


def test_a_small_answer_that_unpacks_to_much_is_refused(grants):
    def bomb(handler):
        handler.give(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")

    assert "larger than 1 MB" in str(grants(bomb, "size_limit_mb = 1").error)


def test_a_certificate_that_nobody_vouches_for_is_named(city, web, tmp_path):
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", "key.pem", "-out", "certificate.pem"),
        ],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    web.socket = context.wrap_socket(web.socket, server_side=True)
    address = web.at("/grants.csv").replace("http:", "https:")
    [found] = fetching.fetch(city(grants=f'address = "{address}"'), only="grants")
    said = str(found.error)
    assert re.search(r"certificate of 127\.0\.0\.1:\d+ cannot be trusted \(self.signed", said)
    assert web.asked == []


# ---- no network ----


def test_without_a_server_it_is_said_what_to_bring_by_hand(city, closed, folder):
    address = f"http://127.0.0.1:{closed}/grants.csv"
    [found] = fetching.fetch(city(grants=f'address = "{address}"'), only="grants")
    assert re.search(r"127\.0\.0\.1:\d+ cannot be reached \(Connection refused\)", str(found.error))
    assert f"{address} to {folder / 'grants.csv'}" in str(found.error)


def test_a_server_without_a_name_is_said(city, monkeypatch):
    def unknown(*arguments, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    [found] = fetching.fetch(city(grants='address = "https://daten.example/g.csv"'), only="grants")
    assert "daten.example cannot be reached" in str(found.error)


def test_a_name_that_is_looked_up_for_ever_is_given_up(city, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: time.sleep(4))
    keys = 'address = "https://daten.example/g.csv"\ntime_limit_s = 0.1'
    start = time.monotonic()
    [found] = fetching.fetch(city(grants=keys), only="grants")
    assert "It took longer than 0.1 s" in str(found.error)
    assert time.monotonic() - start < 3


def test_a_server_that_is_gone_is_not_waited_for_with_each_file(city, closed, monkeypatch):
    pauses = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic)
    monkeypatch.setattr(fetching, "time", clock)
    gone = f"http://127.0.0.1:{closed}"
    programme = city(districts=f'address = "{gone}/d.geojson"', grants=f'address = "{gone}/g.csv"')
    assert [found.status for found in fetching.fetch(programme)] == ["failed", "failed"]
    assert pauses == list(fetching.BACKOFF_S)


# ---- interrupted, twice at once, in other places ----


def test_a_killed_fetch_leaves_the_old_file_whole_and_the_next_one_clears_up(grants, web, folder):
    grants()
    half = threading.Event()

    def stalls(handler):
        handler.give(b"grant_id," + b"x" * 200_000, length=1_000_000)
        handler.wfile.flush()
        half.set()
        time.sleep(5)

    web.answers["/grants.csv"] = stalls
    command = [Path(sys.executable).with_name("ostwerk"), "fetch", folder, "--only", "grants"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert half.wait(20)
    written = folder / ".fetch" / "grants.csv"
    while not (written.exists() and written.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert written.exists()
    assert (folder / "grants.csv").read_bytes() == GRANTS
    longer = GRANTS + b"G2,B1,aid,2024-03-01,approved\n"
    assert grants(longer).status == "fetched"
    assert (folder / "grants.csv").read_bytes() == longer
    assert names(folder) == {"programme.toml", "grants.csv", "fetched.json"}


def test_two_fetches_at_once_are_one_too_many(city):
    programme = city()
    with fetching._alone(programme), pytest.raises(OstwerkError, match="fetched already"):
        fetching.fetch(programme)


@pytest.mark.parametrize("path", ["../outside.csv", "link/outside.csv"])
def test_nothing_is_written_outside_of_the_folder(city, web, folder, tmp_path, path):
    city()
    (folder / "link").symlink_to(tmp_path)
    text = (folder / "programme.toml").read_text()
    text = text.replace("seed", "").replace('id = "city"', 'id = "city"\nallow_outside = true', 1)
    text += f'[[sources]]\ntable = "grants"\npath = "{path}"\naddress = "{web.at("/grants.csv")}"\n'
    (folder / "programme.toml").write_text(text)
    web.answers["/grants.csv"] = GRANTS
    found = fetching.fetch(Programme.read(folder))[1]
    assert "must lie in the programme's folder" in str(found.error)
    assert not (tmp_path / "outside.csv").exists()


def test_a_folder_in_the_place_of_the_file_stays(grants, folder):
    (folder / "grants.csv").mkdir(parents=True)
    assert "not a plain file" in str(grants().error)
    assert (folder / "grants.csv").is_dir()


def test_a_full_disk_is_named(grants, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device", "grants.csv")

    monkeypatch.setattr(fetching.os, "fsync", full)
    assert "cannot be written: No space left on device" in str(grants().error)


def test_a_damaged_record_is_named(grants, city, folder):
    grants()
    (folder / "fetched.json").write_text("[1")
    with pytest.raises(DataError, match=r"fetched\.json is damaged\. Delete it"):
        fetching.fetch(city())


# ---- what programme.toml may say ----


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"address": "ftp://example.org/a.csv"}, "must begin with https://"),
        ({"address": "file:///etc/passwd"}, "must begin with https://"),
        ({"address": "https:///a.csv"}, "must begin with https://"),
        ({"address": "https://example.org:port/a.csv"}, "must begin with https://"),
        ({"address": "https://example.org/a b.csv"}, "must begin with https://"),
        ({"address": "https://someone@example.org/a.csv"}, "must not name a user"),
        ({"address": "https://example.org/a.csv", "sha256": "abc"}, "64 digits"),
        ({"sha256": "0" * 64}, "for a file with an address"),
        ({"query": "SELECT 1"}, "query is for a postgresql:// address"),
        ({"address": "postgresql://u@h/d"}, "either relation or query"),
        ({"address": "postgresql://u@h/d", "relation": "a", "query": "b"}, "either relation or"),
        ({"address": "postgresql://u@h/d", "relation": "a.b.c"}, "schema.table"),
        ({"address": "postgresql://u@h/d", "relation": "a"}, r"end \.parquet"),
        ({"time_limit_s": 0}, "time_limit_s"),
        ({"time_limit_s": 100_000}, "time_limit_s"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(keys, words):
    with pytest.raises(ValueError, match=words):
        Source(table="grants", path="grants.csv", **keys)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a.csv?api_key=42",
        "https://example.org/a.csv?access_token=42",
        "postgresql://user:word@example.org/db",
        "postgresql://user@example.org/db?sslpassword=42",
    ],
)
def test_an_address_with_a_secret_is_refused(city, address):
    with pytest.raises(DataError, match="holds a secret"):
        city(grants=f'address = "{address}"')


def test_two_addresses_for_one_file_are_refused(city, web, folder):
    city()
    with (folder / "programme.toml").open("a") as file:
        for path in ("a.csv", "./a.csv"):
            file.write(f'[[sources]]\ntable = "grants"\npath = "{path}"\n')
            file.write(f'address = "https://example.org/{len(path)}"\n')
    with pytest.raises(DataError, match=r"'a\.csv' is to be fetched in two ways"):
        Programme.read(folder)


@pytest.mark.parametrize("path", ["programme.toml", "./fetched.json"])
def test_files_of_the_programme_itself_cannot_be_fetched(city, folder, path):
    city()
    with (folder / "programme.toml").open("a") as file:
        file.write(f'[[sources]]\ntable = "grants"\npath = "{path}"\n')
        file.write('address = "https://example.org/a"\n')
    with pytest.raises(DataError, match="cannot be fetched"):
        Programme.read(folder)
