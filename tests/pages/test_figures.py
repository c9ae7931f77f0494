import itertools
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import plotly
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import downloads, figures, observations, templates
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures import charts
from ostwerk_analysis.figures.charts import _ticks
from ostwerk_analysis.language import number, text
from ostwerk_analysis.observations import COLUMNS


def soup(figure):
    return BeautifulSoup(figure.html, "html.parser")


# tables, key figures and bars


def test_table_shows_the_observations(release):
    picked = release.observations.query(
        "indicator == 'unemployed_share' and area_level == 'city'"
    ).reset_index(drop=True)
    drawn = soup(
        figures.observation_table(
            picked, release.catalogue, {"stadt": "Musterstadt"}, language="de"
        )
    )
    shown = [td.find(string=True) for td in drawn.select("tbody td")]
    assert shown == [number(value, "", "de", 1) for value in picked["value"]]
    assert len(drawn.select("thead th")) == 6
    assert drawn.select_one("thead th:last-child").get_text() == "3. Quartal 2026"
    assert drawn.caption.get_text() == f"Arbeitslosenanteil, {text('in {unit}', 'de', unit='%')}"
    assert drawn.select_one("tbody td:last-child sup").get_text() == "p"
    assert text("p provisional", "de") in drawn.select_one(".ow-note").get_text()


def test_turned_table_has_a_row_for_each_period(release):
    picked = release.observations.query("indicator == 'unemployed_share'")
    names = {"stadt": "Musterstadt", "osten": "Der Osten"}
    drawn = soup(
        figures.observation_table(
            picked[picked["area_id"].isin(list(names))], release.catalogue, names, is_turned=True
        )
    )
    assert [th.get_text() for th in drawn.select("thead th")][1:] == list(names.values())
    assert len(drawn.select("tbody tr")) == 5


def test_targets_are_held_against_what_counts_from_the_start(release):
    reached = figures.targets_reached(
        release.observations, release.targets, "2026-Q3", "stadt"
    ).iloc[0]
    # verified: 60 % of 30 in each of five quarters
    assert reached["indicator"] == "jobs_created_to_date"
    assert reached["breakdown"] == "measure=kmu&status=verified"
    assert reached["value"] == 90
    assert reached["reached_pct"] == 60


def test_a_secret_figure_tells_nothing_about_its_target(release):
    hidden = release.observations.assign(value=np.nan, n_units=None, conf_status="C")
    shown = figures.key_figures(
        hidden,
        "2026-Q3",
        "stadt",
        catalogue=release.catalogue,
        targets=release.targets,
        language="en",
    )
    words = soup(shown).get_text(" ")
    assert "kept secret" in words
    assert "Target: 150" in words
    assert "60" not in words


def test_key_figures_show_value_unit_period_and_target(release):
    drawn = soup(
        figures.key_figures(
            release.observations,
            "2026-Q3",
            "stadt",
            catalogue=release.catalogue,
            indicators=["unemployed_share", "residents"],
            targets=release.targets,
            language="en",
            parts=release.names("en"),
        )
    )
    rate, _, jobs = (card.get_text("|") for card in drawn.select(".ow-card"))
    assert rate.startswith("Share of unemployed|")
    periods = [period.get_text() for period in drawn.select(".ow-end > .ow-when")]
    assert periods == ["Q3 2026", "2025", "Q3 2026"]  # a yearly figure names its year
    assert "SME grants, Verified" in jobs
    assert "60\u00a0% of the target of 150\u00a0FTE by 31 December 2027" in jobs
    assert drawn.select_one(".ow-meter .ow-part")["width"] == "60.0"


def test_bars_are_as_long_as_their_values(release):
    drawn = soup(
        figures.bars(
            release.observations,
            "jobs_created",
            "2026-Q3",
            "stadt",
            "status",
            catalogue=release.catalogue,
            language="en",
        )
    )
    names = [name.get_text() for name in drawn.select(".ow-bars .ow-label")]
    assert names == ["Promised", "Verified"]  # in the order of the rungs
    assert [bar["width"] for bar in drawn.select(".ow-part")] == ["100.0", "60.0"]


def test_bars_refuse_a_dimension_that_is_not_there(release):
    with pytest.raises(DataError, match="jobs_created is not broken down by sector in stadt"):
        figures.bars(
            release.observations,
            "jobs_created",
            "2026-Q3",
            "stadt",
            "sector",
            catalogue=release.catalogue,
        )


def test_bars_by_a_declared_dimension_of_which_nothing_was_observed_are_a_sentence(release):
    declared = release.catalogue.assign(breakdowns="sector; measure & status", numerator="")
    drawn = figures.bars(
        release.observations,
        "jobs_created",
        "2026-Q3",
        "stadt",
        "sector",
        catalogue=declared,
        language="en",
    )
    assert soup(drawn).get_text().strip() == "Jobs: nothing by sector in Q3 2026."


def made_from(release, rows):
    """Observations of jobs_created_to_date in the city: breakdown = value and what differs."""
    usual = release.observations.query("indicator == 'jobs_created_to_date'").iloc[0].to_dict()
    usual |= {"period": "2026-Q3"}
    return pd.DataFrame([usual | {"breakdown": part} | more for part, more in rows])


def jobs_by(release, by, rows, **more):
    drawn = figures.bars(
        made_from(release, rows),
        "jobs_created_to_date",
        "2026-Q3",
        "stadt",
        by,
        catalogue=release.catalogue,
        language="en",
        **more,
    )
    return soup(drawn)


def bar_names(drawn):
    return [name.get_text() for name in drawn.select(".ow-bars .ow-label")]


def test_bars_stand_in_the_order_of_the_codes(release):
    rungs = ["verified", "retained", "promised", "claimed", "unknown"]
    drawn = jobs_by(release, "status", [(f"status={code}", {}) for code in rungs])
    assert bar_names(drawn) == ["Promised", "Claimed", "Verified", "Retained", "Not known"]
    sizes = ["large", "micro", "small", "medium"]
    drawn = jobs_by(release, "size", [(f"size={code}", {}) for code in sizes])
    names = [name.split()[0] for name in bar_names(drawn)]
    assert names == ["Micro", "Small", "Medium-sized", "Large"]


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ([], "Jobs (since start)"),
        ([("measure=kmu", {}), ("", {})], "Jobs (since start) by size class"),
    ],
)
def test_bars_of_one_breakdown_among_several_name_it(release, more, title):
    drawn = jobs_by(release, "size", [("size=micro", {}), ("size=small", {}), *more])
    assert drawn.h2.get_text() == title


def test_a_time_axis_has_as_many_years_as_stand_apart_on_a_phone():
    quarters = [f"{year}-Q{n}" for year in range(2019, 2027) for n in (1, 2, 3, 4)]
    assert _ticks(quarters, "de")["ticktext"] == ["2019", "2021", "2023", "2025"]


def test_a_short_series_names_its_quarters_as_its_language_does():
    quarters = ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"]
    assert _ticks(quarters, "de")["ticktext"] == [
        *("3.\u00a0Qu.<br>2025", "4.", "1.\u00a0Qu.<br>2026", "2.")
    ]
    assert _ticks(quarters, "en")["ticktext"] == ["Q3<br>2025", "Q4", "Q1<br>2026", "Q2"]


def test_bars_without_an_order_of_their_own_stand_by_code(release):
    many = [f"m{i:02d}" for i in range(30)]
    shuffled = sorted(many, key=lambda code: code[::-1])
    drawn = jobs_by(release, "measure", [(f"measure={code}", {}) for code in shuffled])
    assert bar_names(drawn) == many


def test_bars_asked_for_first_are_followed_by_the_others_in_their_order(release):
    rungs = [(f"status={code}", {}) for code in ("verified", "retained", "promised", "claimed")]
    drawn = jobs_by(release, "status", rungs, order=["retained"])
    assert bar_names(drawn) == ["Retained", "Promised", "Claimed", "Verified"]


def test_bars_read_codes_as_they_were_before_they_were_written(release):
    rows = [(observations.breakdown({"measure": "A & B = 100 %"}), {})]
    assert bar_names(jobs_by(release, "measure", rows)) == ["A & B = 100 %"]


INCOMPLETE = {"obs_status": "E", "quality_note": "some values are not known"}


def test_an_incomplete_sum_is_marked_in_bars(release):
    rows = [
        ("status=promised", {"value": 30.0} | INCOMPLETE),
        ("status=verified", {"value": 20.0}),
        ("status=retained", {"value": np.nan, "conf_status": "C", "obs_status": "P"}),
    ]
    drawn = jobs_by(release, "status", rows)
    assert [amount.get_text() for amount in drawn.select(".ow-amount")] == [
        *("30e", "20", "kept secret")
    ]
    assert drawn.select_one(".ow-amount sup").get_text() == "e"
    assert [str(cell) for cell in drawn.select("td")] == [
        *("<td>30<sup>e</sup></td>", "<td>20</td>", "<td>kept secret</td>")
    ]
    assert drawn.select_one(".ow-note").get_text() == "e estimated"


def test_an_incomplete_sum_is_marked_on_its_card_and_its_target(release):
    given = made_from(release, [("measure=kmu&status=verified", {"value": 90.0} | INCOMPLETE)])
    options = {"catalogue": release.catalogue, "language": "en"}
    card = soup(figures.key_figures(given, "2026-Q3", "stadt", targets=release.targets, **options))
    assert card.select_one(".ow-value").get_text() == "at least 90e FTE"
    assert card.select_one(".ow-note").get_text() == "e estimated"
    bar = soup(figures.target_bars(given, release.targets, "2026-Q3", "stadt", **options))
    assert bar.select_one(".ow-amount").get_text() == "60\u00a0%e"
    assert [cell.get_text() for cell in bar.select("td")][-1] == "60\u00a0%e"
    assert bar.select_one(".ow-note").get_text() == "e estimated"


def test_what_is_whole_bears_no_mark(release):
    options = {"catalogue": release.catalogue, "targets": release.targets}
    drawn = soup(figures.key_figures(release.observations, "2026-Q2", "stadt", **options))
    assert drawn.select("sup, .ow-note") == []


def test_a_target_of_nothing_is_reached_by_no_share(release):
    given = release.targets.assign(target_value=0)
    reached = figures.targets_reached(release.observations, given, "2026-Q3", "stadt")
    assert reached["value"].tolist() == [90]
    assert reached["reached_pct"].isna().all()


def test_a_district_with_the_code_of_the_city_is_not_taken_for_it(release):
    part = "measure=kmu&status=verified"
    same, promised = {"area_level": "district", "value": 1.0}, "status=promised"
    rows = [(part, same), (part, {"value": 90.0}), (promised, same), (promised, {"value": 30.0})]
    given = made_from(release, rows)
    reached = figures.targets_reached(given, release.targets, "2026-Q3", "stadt")
    assert reached["value"].tolist() == [90]
    options = {"catalogue": release.catalogue, "language": "en"}
    card = soup(figures.key_figures(given, "2026-Q3", "stadt", targets=release.targets, **options))
    assert card.select_one(".ow-value").get_text() == "90 FTE"
    drawn = soup(
        figures.bars(given, "jobs_created_to_date", "2026-Q3", "stadt", "status", **options)
    )
    assert [amount.get_text() for amount in drawn.select(".ow-amount")] == ["30"]
    line = figures.time_series(
        given, "jobs_created_to_date", {"stadt": "S"}, breakdown=part, **options
    ).figure.data[0]
    assert list(line.y) == [90]


def test_target_bars_show_the_whole_target(release):
    drawn = soup(
        figures.target_bars(
            release.observations,
            release.targets,
            "2026-Q3",
            "stadt",
            catalogue=release.catalogue,
            language="en",
        )
    )
    assert drawn.select_one(".ow-all")["width"] == "100.0"
    assert drawn.select_one(".ow-part")["width"] == "60.0"
    assert drawn.select_one(".ow-amount").get_text() == "60\u00a0%"


# charts


def chart(release, observations=None, **more):
    return figures.time_series(
        release.observations if observations is None else observations,
        "unemployed_share",
        release.area_names("de"),
        catalogue=release.catalogue,
        **more,
    )


def test_lines_run_through_the_observations(release):
    figure = chart(release).figure
    line = next(trace for trace in figure.data if trace.name == "Musterstadt")
    here = release.observations.query("indicator == 'unemployed_share' and area_level == 'city'")
    assert list(line.x) == here["period"].tolist()
    assert list(line.y) == here["value"].tolist()
    assert figure.layout.separators == ",."


def test_a_secret_value_breaks_the_line_and_is_named(release):
    observations = release.observations.copy()
    hidden = (observations["area_id"] == "stadt") & (observations["period"] == "2026-Q1")
    observations.loc[hidden, ["value", "conf_status"]] = [np.nan, "C"]
    figure = chart(release, observations, language="en").figure
    line = next(trace for trace in figure.data if trace.name == "Musterstadt")
    assert line.y[2] is None
    assert line.connectgaps is None
    assert "kept secret" in line.text[2]
    said = soup(chart(release, observations, language="en")).select_one(".ow-note").get_text()
    assert "Lines are interrupted where values are kept secret (1)." in said


def test_pages_draw_with_the_script_of_the_same_edition_as_notebooks():
    def edition(path):
        return re.search(r"plotly\.js .*?v([\d.]+)", path.read_text(encoding="utf-8")[:200])[1]

    installed = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    assert edition(templates.plotly_path()) == edition(installed)


def test_colours_of_charts_are_those_of_the_style_sheet():
    sheet = templates.source("figures.css")
    for colour, name in charts.PROPERTIES.items():
        declared = re.search(rf"--ow-{name}: ([^;]+);", sheet)[1]
        while inner := re.fullmatch(r"var\((--[a-z-]+)\)", declared):
            declared = re.search(rf"{inner[1]}: ([^;]+);", sheet)[1]
        assert declared.startswith(f"light-dark({colour},"), name


def test_names_stand_at_the_ends_of_lines_and_not_over_each_other(release):
    same = release.observations.copy()
    same.loc[same["indicator"] == "unemployed_share", "value"] = 7.5
    payload = json.loads(
        soup(districts_chart(release, 5, observations=same)).select_one(".ow-chart script").string
    )
    names = payload["names"]["annotations"]
    assert {one["text"] for one in names} == {"Altstadt", "Brühl", "Conne", "Dölitz", "Eutritzsch"}
    heights = sorted(one["yshift"] for one in names)
    assert all(b - a >= charts.ROW_PX for a, b in itertools.pairwise(heights))
    assert "#" not in {one["font"]["color"][0] for one in names}


def test_provisional_values_are_hollow(release):
    colours = chart(release).figure.data[0].marker.color
    assert list(colours[:-1]) == ["#12435f"] * 4
    assert colours[-1] == "#ffffff"
    assert "Hohle Punkte: vorläufige Werte." in soup(chart(release)).select_one(".ow-note").text


def test_chart_has_a_table_behind_it_and_nothing_that_is_fetched(release):
    drawn = soup(chart(release))
    assert len(drawn.select("details table tbody tr")) == 5
    payload = json.loads(drawn.select_one(".ow-chart script").get_text())
    assert len(payload["figure"]["data"]) == 2
    assert not re.search(r"https?://(?!www\.w3\.org)", drawn.prettify())


def test_chart_is_an_ordinary_plotly_output_in_a_notebook(release):
    bundle = chart(release)._repr_mimebundle_()
    assert bundle["application/vnd.plotly.v1+json"]["layout"]["title"]["text"].startswith(
        "Arbeitslosenanteil"
    )
    assert "ow-chart" in bundle["text/html"]


def districts_chart(release, count, observations=None, **more):
    names = release.districts.set_index("district_id")["name"].to_dict()
    return figures.time_series(
        release.observations if observations is None else observations,
        "unemployed_share",
        dict(list(names.items())[:count]),
        catalogue=release.catalogue,
        language="en",
        **more,
    )


def test_of_more_areas_than_can_be_told_apart_the_first_are_drawn_and_the_table_has_all(release):
    shown = districts_chart(release, 7)
    assert [line.name for line in shown.figure.data] == [
        *("Altstadt", "Brühl", "Conne", "Dölitz", "Eutritzsch")
    ]
    heads = [th.get_text() for th in soup(shown).select("details thead th")]
    assert heads[-2:] == ["Fluß", "Gohlis"]
    remark = "The chart shows the first 5 of 7 areas, the table all of them."
    assert soup(shown).select_one(".ow-note").get_text().startswith(remark)
    assert remark in shown.figure.layout.annotations[0].text  # the bare chart of a notebook
    assert "The chart shows" not in districts_chart(release, 5).html


def test_what_is_published_for_districts_only_has_no_chart_of_the_city_but_a_sentence(release):
    districts = release.observations.query("area_level == 'district'")
    said = chart(release, districts, language="en").html
    assert "Share of unemployed: no values for Der Osten, Musterstadt." in said
    with pytest.raises(DataError, match="did you mean 'unemployed_share'"):
        figures.time_series(
            districts, "unemployed_shar", {"stadt": "Stadt"}, catalogue=release.catalogue
        )


def test_an_indicator_that_was_not_observed_says_so(release):
    nothing = pd.DataFrame(columns=COLUMNS)
    said = chart(release, nothing, language="en")
    assert "not observed" in said.html


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_release_says_that_secrets_can_be_computed_from_totals(release, language):
    words = soup(figures.about(release, language)).get_text(" ")
    assert text(downloads.PROTECTION, language) in words


def test_figures_leave_their_input_alone(release):
    before = release.observations.copy()
    figures.district_map(
        release.districts,
        release.observations,
        "unemployed_share",
        "2026-Q3",
        catalogue=release.catalogue,
        compare="city",
    )
    chart(release)
    pd.testing.assert_frame_equal(release.observations, before)
