import pytest

from ostwerk_analysis.faults import DataError
from ostwerk_analysis.programme import Programme, Source, Text

HEAD = """
[programme]
id = "p"
name = "P"
first_quarter = "2024Q1"
crs = "EPSG:25833"
[city]
id = "c"
name = "C"
"""


@pytest.fixture
def read(tmp_path):
    """Read a programme of the given text."""

    def read(text):
        (tmp_path / "programme.toml").write_text(text, encoding="utf-8")
        return Programme.read(tmp_path)

    return read


def refusal(read, text):
    with pytest.raises(DataError) as caught:
        read(text)
    return str(caught.value)


def test_a_programme_is_read_from_its_folder_or_its_file(small_city):
    of_folder, of_file = Programme.read(small_city), Programme.read(small_city / "programme.toml")
    assert of_folder == of_file
    assert of_folder.path == small_city / "programme.toml"
    assert of_folder.folder == small_city
    assert [measure.parent for measure in of_folder.measures] == ["", "initiative", "initiative"]
    assert of_folder.areas[0].name.en == "Quarter"


def test_the_least_programme_has_the_defaults_of_the_reference(read):
    least = read(HEAD)
    assert least.name == Text(de="P", en="P")
    assert least.fault_limit_pct == 1.0
    assert least.disclosure.minimum_enterprises == 3
    assert not least.is_demonstration
    assert not least.allow_outside
    assert least.sources == []


def test_a_byte_order_mark_is_no_fault(tmp_path):
    (tmp_path / "programme.toml").write_text(HEAD, encoding="utf-8-sig")
    assert Programme.read(tmp_path).id == "p"


def test_a_programme_is_not_changed_once_it_is_read(read):
    with pytest.raises(ValueError, match="frozen"):
        read(HEAD).seed = 5


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(DataError, match=r"nowhere does not exist\. .* ostwerk init DIR"):
        Programme.read(tmp_path / "nowhere")


def test_what_is_no_toml_names_the_line(read):
    assert "line 2" in refusal(read, "[programme]\nid =\nname = 'x'")


@pytest.mark.parametrize(
    ("text", "place", "near"),
    [
        (HEAD.replace("first_quarter", "first_quater"), "first_quater", "first_quarter"),
        (HEAD.replace("[programme]", "[programm]"), "programm", "programme"),
        (HEAD + "[disclosure]\nminimum_enterprise = 3", "disclosure.minimum_enterprise",
         "minimum_enterprises"),
        (HEAD + "[[sources]]\ntable='a'\npath='b'\n[[sources]]\ntabel='a'\npath='b'",
         "sources.2.tabel", "table"),
        (HEAD + "[notebooks.20_funding]\nparameter = {}", "notebooks.20_funding.parameter",
         "parameters"),
        (HEAD + "[pages.imprint]\ndeutsch = 'x'", "pages.imprint.deutsch", "de"),
        (HEAD.replace('id = "p"', 'id = "p"\npath = "/etc"'), "path", "pages"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_named_with_its_place_and_the_nearest(read, text, place, near):
    assert f"\n  {place}: unknown key; did you mean '{near}'?" in refusal(read, text)


def test_all_faults_are_said_at_once(read):
    said = refusal(
        read,
        HEAD.replace('id = "p"', "").replace("crs =", "csr =")
        + "[[areas]]\nid = 'a'\nname = 'A'\ndistricts = [20, 21]\n"
        + "[[measures]]\nid = 'm ü'\nname = 'M'\n",
    )
    for part in (
        "\n  id: is missing",
        "\n  crs: is missing",
        "\n  csr: unknown key; did you mean 'crs'?",
        "\n  areas.1.districts.1: must be a text, got 20",
        "\n  areas.1.districts.2: must be a text, got 21",
        "\n  measures.1.id: ",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("fault_limit_pct = 101\n", "fault_limit_pct: must be 100 or less, got 101"),
        ("fault_limit_pct = nan\n", "fault_limit_pct: must be a number, got nan"),
        ("seed = 1.5\n", "seed: "),
    ],
)
def test_a_value_out_of_range_is_refused(read, added, said):
    assert said in refusal(read, HEAD.replace("[city]", f"{added}[city]"))


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("[[areas]]\nid='a'\nname='A'\ndistricts=[]", "areas.1: the area needs districts"),
        ("[[sources]]\ntable='t'\npath='p'\nheader_line=0", "sources.1.header_line: "),
        ("[[sources]]\ntable='t'\npath='p'\nformat='xml'", "sources.1.format: "),
        ("[[sources]]\ntable='t'\npath='p'\nconstants={year=2024}", "sources.1.constants.year: "),
        ("[[targets]]\nindicator='i'\ndue='soon'\ntarget_value=1", "targets.1.due: "),
        ("[[targets]]\nindicator='i'\ndue=2027-12-31\ntarget_value=inf", "targets.1.target_value"),
        ("[disclosure]\nminimum_persons=0", "disclosure.minimum_persons: "),
    ],
)
def test_a_section_with_an_impossible_value_is_refused(read, added, said):
    assert said in refusal(read, HEAD + added)


@pytest.mark.parametrize("written", ["2024", "2024-Q5", "Q1 2024"])
def test_a_first_quarter_that_is_none_is_refused(read, written):
    said = refusal(read, HEAD.replace("2024Q1", written))
    assert f"first_quarter: '{written}' is not a quarter" in said


def test_a_key_beside_and_in_the_head_is_refused(read):
    said = refusal(read, "seed = 1\n" + HEAD.replace("[city]", "seed = 2\n[city]"))
    assert "seed must stand either in [programme] or beside it" in said


def measures(*pairs):
    return "".join(
        f"[[measures]]\nid = '{code}'\nname = 'M'\nparent = '{parent}'\n" for code, parent in pairs
    )


def test_a_parent_may_stand_after_its_children(read):
    tree = read(HEAD + measures(("a", "b"), ("b", "c"), ("c", "")))
    assert [measure.parent for measure in tree.measures] == ["b", "c", ""]


@pytest.mark.parametrize(
    ("tree", "own"),
    [
        ([("a", "a")], "a"),
        ([("a", "b"), ("b", "a")], "ab"),
        ([("a", "b"), ("b", "c"), ("c", "a")], "abc"),
        ([("x", "a"), ("a", "b"), ("b", "a")], "ab"),
    ],
)
def test_a_cycle_in_the_tree_names_every_measure_in_it_and_no_other(read, tree, own):
    said = refusal(read, HEAD + measures(*tree))
    assert said.count("is its own ancestor") == len(own)
    for code in own:
        assert f"measures: '{code}' is its own ancestor" in said


def test_an_unknown_parent_names_the_nearest_measure(read):
    said = refusal(read, HEAD + measures(("beihilfe", ""), ("kmu", "beihilfen")))
    assert "parent 'beihilfen' of 'kmu' is not a measure; did you mean 'beihilfe'?" in said


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (measures(("a", ""), ("a", "")), "measures: the id 'a' stands twice"),
        ("[[areas]]\nid='a'\nname='A'\ndistricts=['1']\n" * 2, "the id 'a' stands twice"),
        ("[[areas]]\nid='c'\nname='A'\ndistricts=['1']\n", "the id 'c' stands twice"),
        ("[[headlines]]\nid='h'\nindicator='i'\nvalue=1\n" * 2, "headlines: the id 'h' stands"),
        (
            "[[measures]]\nid='m'\nname='M'\nstarts_on=2024-02-01\nends_on=2024-01-31\n",
            "measures: 'm' ends before it starts",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(read, added, said):
    assert said in refusal(read, HEAD + added)


def test_milestones_targets_and_headlines_name_a_measure_that_is_there(read):
    said = refusal(
        read,
        HEAD
        + measures(("kmu", ""))
        + "[[milestones]]\non=2024-01-15\nlabel='x'\nmeasure_id='kmi'\n"
        + "[[targets]]\nindicator='i'\nmeasure_id='kmo'\ndue=2027-12-31\ntarget_value=1\n"
        + "[[headlines]]\nid='h'\nindicator='i'\nmeasure_id='kma'\nvalue=1\n",
    )
    assert "milestones: measure_id 'kmi' is not a measure; did you mean 'kmu'?" in said
    assert "targets: measure_id 'kmo' is not a measure; did you mean 'kmu'?" in said
    assert "headlines: measure_id 'kma' is not a measure; did you mean 'kmu'?" in said


@pytest.mark.parametrize(
    ("added", "place"),
    [
        ("[notebooks.a.parameters]\ndb_password = 'x'", "notebooks.a.parameters.db_password"),
        ("[notebooks.a.parameters]\nPasswort = 'x'", "notebooks.a.parameters.Passwort"),
        ("[notebooks.a.parameters]\napi-key = 'x'", "notebooks.a.parameters.api-key"),
        ("[notebooks.a.parameters]\ntokens = ['', 'x']", "notebooks.a.parameters.tokens.2"),
        ("[notebooks.a.parameters.secret]\nvalue = 123", "notebooks.a.parameters.secret.value"),
        ("[[sources]]\ntable = 't'\npath = 'https://u:pw@host/x.csv'", "sources.1.path"),
        ("[[sources]]\ntable = 't'\npath = 'https://host/x?token=abc'", "sources.1.path"),
    ],
)
def test_a_secret_is_refused_and_not_repeated(read, added, place):
    said = refusal(read, HEAD + added)
    assert f"{place} holds a secret. Put it into an environment variable." in said
    assert "'x'" not in said
    assert "pw" not in said


@pytest.mark.parametrize(
    "added",
    [
        "[notebooks.a.parameters]\npassword = ''",
        "[notebooks.a.parameters]\ntoken_column = 'x'",
        "[[sources]]\ntable = 't'\npath = 'a@b:c.csv'",
        "[pages]\nimprint = 'https://stadt.example/kontakt, post@stadt.example'",
    ],
)
def test_what_only_looks_like_a_secret_is_accepted(read, added):
    assert read(HEAD + added).id == "p"


def test_a_source_lies_in_the_folder_of_the_programme(small_city):
    programme = Programme.read(small_city)
    inside = programme.source_path(Source(table="grants", path="sub/../grants.csv"))
    assert inside == (small_city / "grants.csv").resolve()


@pytest.mark.parametrize("path", ["../other.csv", "/etc/hostname", "sub/../../other.csv"])
def test_a_source_outside_the_folder_is_refused(small_city, path):
    programme = Programme.read(small_city)
    with pytest.raises(DataError, match="lies outside the programme's folder") as caught:
        programme.source_path(Source(table="grants", path=path))
    assert path in str(caught.value)


def test_a_link_that_leads_out_of_the_folder_is_refused(small_city, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n")
    (small_city / "link.csv").symlink_to(tmp_path / "secret.csv")
    (small_city / "folder").symlink_to(tmp_path)
    programme = Programme.read(small_city)
    for path in ("link.csv", "folder/secret.csv"):
        with pytest.raises(DataError, match="lies outside"):
            programme.source_path(Source(table="grants", path=path))


def test_a_folder_whose_name_begins_like_the_programmes_is_outside(small_city):
    beside = small_city.with_name(small_city.name + "-copy")
    beside.mkdir()
    with pytest.raises(DataError, match="lies outside"):
        Programme.read(small_city).source_path(Source(table="g", path=f"../{beside.name}/a.csv"))


def test_sources_may_lie_outside_where_the_programme_says_so(small_city, change, tmp_path):
    change(small_city / "programme.toml", "seed = 7", "seed = 7\nallow_outside = true")
    found = Programme.read(small_city).source_path(Source(table="grants", path="../other.csv"))
    assert found == (tmp_path / "other.csv").resolve()


@pytest.mark.parametrize(
    ("path", "stated", "reader"),
    [
        ("a.csv", "", "csv"),
        ("a.txt", "", "csv"),
        ("a.GeoJSON", "", "geodata"),
        ("a.json", "", "geodata"),
        ("a.gpkg", "", "geodata"),
        ("a.json", "csv", "csv"),
        ("a.csv", "lis", "lis"),
        ("a.csv", "operations", "operations"),
    ],
)
def test_the_reader_is_the_one_stated_or_else_that_of_the_ending(path, stated, reader):
    assert Source(table="t", path=path, format=stated).reader == reader


def test_a_programme_does_not_write_down_where_it_was_read(small_city):
    programme = Programme.read(small_city)
    assert str(small_city) not in programme.model_dump_json()
