"""The words of the command: its helps, and what it says of a wrong call, in both languages."""

import re
import sys

import pytest

from ostwerk_analysis import cli


@pytest.fixture
def call(monkeypatch, capsys):
    """Call the command; give exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LC_ALL", "C")

    def called(*arguments):
        monkeypatch.setattr(sys, "argv", ["ostwerk", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    return called


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--help", "--lang", "de"), ("Aufruf: ", "Optionen", "Befehle", "Zeigt diese Hilfe.")),
        (("--lang=en", "--help"), ("Usage: ", "Options", "Commands", "Show this help.")),
        (
            ("--lang", "de", "run", "--help"),
            ("Argumente", "[erforderlich]", "[Vorgabe: last]", "[Umgebungsvariable: OSTWERK_OUT]"),
        ),
        (
            ("run", "--help", "--lang=en"),
            ("Arguments", "[required]", "[default: last]", "[env var: OSTWERK_OUT]"),
        ),
    ],
)
def test_a_page_of_help_is_in_the_language_asked_for(call, arguments, words):
    code, said, _ = call(*arguments)
    assert code == 0
    for word in words:
        assert word in said


def test_an_unknown_language_names_those_there_are(call):
    code, _, said = call("--lang", "fr", "--help")
    assert (code, said) == (2, "--lang: de | en\n")


@pytest.mark.parametrize(
    ("arguments", "english", "german"),
    [
        (("laufen",), "There is no command laufen.", "Den Befehl laufen gibt es nicht."),
        (("run",), "The argument programme is missing.", "Das Argument programme fehlt."),
        (("run", "a", "b"), "Too many arguments: b.", "Zu viele Argumente: b."),
        (("run", "a", "--fast"), "There is no option --fast.", "Die Option --fast gibt es nicht."),
        (("run", "a", "--forc"), "There is no option --forc.", "Die Option --forc gibt es nicht."),
        (
            ("run", "a", "--jobs"),
            "The option --jobs needs a value.",
            "Die Option --jobs braucht einen Wert.",
        ),
        (
            ("run", "a", "--jobs", "0"),
            "The value of --jobs is not possible.",
            "Der Wert von --jobs ist nicht möglich.",
        ),
        (
            ("run", "a", "--force=1"),
            "The option --force takes no value.",
            "Die Option --force nimmt keinen Wert an.",
        ),
    ],
)
def test_a_wrong_call_is_said_in_one_line(call, arguments, english, german):
    for language, words, see in (("en", english, "See: "), ("de", german, "Siehe: ")):
        code, _, said = call("--lang", language, *arguments)
        assert code == 2
        assert said.startswith(f"{words} {see}ostwerk")
        assert said.count("\n") == 1


def test_an_error_is_said_in_the_language_with_its_exit_code(call, tmp_path):
    code, _, said = call("--lang", "de", "check", tmp_path / "nowhere")
    assert code == 2
    assert said == (
        f"{tmp_path / 'nowhere'} gibt es nicht. Nennen Sie den Ordner eines Programms, oder legen "
        "Sie einen an: ostwerk init ORDNER\n"
    )


def test_what_was_read_is_listed_as_the_language_writes_it(call, small_city, tmp_path):
    report = tmp_path / "report"
    code, said, _ = call("--lang", "de", "check", small_city, "--report", report)
    assert code == 0
    assert re.search(r"^Tabelle +Datei +Gelesen +Angenommen +Zurückgestellt +Nicht verlangt", said)
    assert f"Zurückgestellte Zeilen und Bericht: {report}" in said
    assert (report / "report.json").is_file()
