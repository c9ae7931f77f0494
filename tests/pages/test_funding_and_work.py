"""Figures of the pages on funding and work: counts by hand, and what must not be given away."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ostwerk_analysis import figures, indicators, templates
from ostwerk_analysis.codes import CODES
from ostwerk_analysis.faults import DataError
from ostwerk_analysis.figures.values import apart
from ostwerk_analysis.programme import Benchmark, Text

PERIOD = "2026-Q3"
TOLD = {"catalogue": indicators.catalogue(), "language": "en"}
HIDDEN, GAP = "hidden", "gap"


def observed(cells, *, period=PERIOD, area="stadt", level="city"):
    """Make observations: ``{("indicator", "status=paid"): 12}``; HIDDEN is kept secret."""
    units = TOLD["catalogue"].set_index("indicator")["unit"]
    return pd.DataFrame(
        {
            "indicator": indicator,
            "area_level": level,
            "area_id": area,
            "period": period,
            "breakdown": part,
            "value": np.nan if value in (HIDDEN, GAP) else float(value),
            "unit": units[indicator],
            "n_units": 9,
            "obs_status": "M" if value == GAP else "A",
            "conf_status": "C" if value == HIDDEN else "F",
            "quality_note": "",
        }
        for (indicator, part), value in cells.items()
    )


def page_of(figure):
    return BeautifulSoup(figure.html, "html.parser")


def bars_of(figure):
    """Read the bars: name, value in words, what stands beneath, and length in percent."""
    found = []
    for item in page_of(figure).select(".ow-bars li"):
        words = [item.select_one(c) for c in (".ow-label", ".ow-amount", ".ow-beneath")]
        drawn = item.select_one(".ow-part")
        length = float(drawn["width"]) if drawn else None
        found.append((*(word.get_text() if word else "" for word in words), length))
    return found


def table_of(figure):
    return [
        [cell.get_text() for cell in row.select("th, td")]
        for row in page_of(figure).select("details tbody tr")
    ]


STAGES = {
    ("enterprises_by_stage_to_date", f"stage={stage}"): count
    for stage, count in zip(CODES["stage"], (200, 100, 80, 60, 50, 40, 20), strict=True)
}
STEPS = {
    ("step_conversion_to_date", f"step={step}"): share
    for step, share in zip(CODES["step"], (50, 45, 75, 80, 40), strict=True)
}


def test_the_share_beside_a_stage_is_the_observed_one_and_not_that_of_two_bars():
    drawn = bars_of(figures.funnel(observed(STAGES | STEPS), PERIOD, "stadt", **TOLD))
    # 80 of 100 would be 80 %: those that applied without advice are not in the share.
    assert drawn[2] == ("Applied", "80", "45.0\u00a0% of those advised", 40)
    assert [length for *_, length in drawn] == [100, 50, 40, 30, 25, 20, 10]
    assert drawn[5][2] == ""  # no share of those completed is declared


def test_the_narrowest_step_and_what_is_secret_are_said():
    cells = STAGES | STEPS | {("enterprises_by_stage_to_date", "stage=completed"): HIDDEN}
    figure = figures.funnel(observed(cells), PERIOD, "stadt", **TOLD)
    said = page_of(figure).select_one(".ow-words").get_text()
    assert "The narrowest step is the one to “Jobs verified”: 40" in said
    assert "Kept secret: 1 of 12 values." in said
    name, amount, _, length = bars_of(figure)[5]
    assert (name, amount, length) == ("Completed", "kept secret", None)  # no bar, not a short one


FUNDS = "grants_approved_by_fund_eur_to_date"


def of_funds(**shares):
    return observed({(FUNDS, f"fund={fund}"): value for fund, value in shares.items()})


def test_parts_of_a_whole_fill_the_bar_and_stand_in_the_order_of_the_funds():
    figure = figures.composition(
        of_funds(city=30_000, ERDF=70_000, ESF=0), FUNDS, PERIOD, {"stadt": "City"}, "fund", **TOLD
    )
    parts = page_of(figure).select(".ow-whole .ow-bar rect")
    assert [float(part["x"]) for part in parts] == [0, 70]
    assert sum(float(part["width"]) for part in parts) == pytest.approx(100, abs=1.5)
    assert table_of(figure) == [["City", "70,000 (70.0\u00a0%)", "30,000 (30.0\u00a0%)"]]


def test_where_a_part_is_secret_no_share_gives_it_away():
    figure = figures.composition(
        of_funds(city=30_000, ERDF=70_000, state=HIDDEN),
        FUNDS,
        PERIOD,
        {"stadt": "City"},
        "fund",
        **TOLD,
    )
    page = page_of(figure)
    assert not page.select(".ow-whole .ow-bar")
    assert "%" not in page.select_one(".ow-whole").get_text()
    assert "%" not in str(table_of(figure))
    assert "kept secret" in page.get_text()


def test_what_is_no_sum_is_no_whole():
    cells = observed({("leverage_to_date", "measure=a"): 2})
    with pytest.raises(DataError, match="is no sum"):
        figures.composition(cells, "leverage_to_date", PERIOD, {"stadt": "City"}, "measure", **TOLD)


JOBS = {
    ("jobs_created_to_date", "status=promised"): 40,
    ("jobs_created_to_date", "status=claimed"): 30,
    ("jobs_created_to_date", "status=verified"): 20,
    ("jobs_created_to_date", "status=retained"): 10,
    ("jobs_created_persons_to_date", "status=verified"): 24,
    ("jobs_created_founders_to_date", "status=verified"): 5.5,
    ("cost_per_job_created_eur_to_date", "status=verified"): 5_000,
    ("training_places_to_date", "status=promised"): 4,
    ("training_places_to_date", "status=verified"): HIDDEN,
}


def test_rungs_stand_on_one_scale_with_persons_and_founders_apart():
    figure = figures.job_stair(observed(JOBS), PERIOD, "stadt", **TOLD)
    heads = [head.get_text() for head in page_of(figure).select("h3")]
    assert heads == ["Jobs created", "Training places"]  # secured ones were not observed
    drawn = bars_of(figure)
    assert [length for *_, length in drawn] == [100, 75, 50, 25, 10, None, None, None]
    assert drawn[2][2] == "24\u00a0persons; of them founders: 5.5\u00a0FTE"
    assert drawn[6][1:] == ("kept secret", "", None)
    assert "promised 40.0\u00a0FTE, verified 20.0\u00a0FTE, which is 50" in figure.html


def test_no_sum_of_rungs_is_anywhere_in_the_stair():
    html = figures.job_stair(observed(JOBS), PERIOD, "stadt", **TOLD).html
    assert "100.0" not in page_of(figures.Figure(html)).get_text()  # 40 + 30 + 20 + 10


SHARE = "grants_completed_share_to_date"


def test_a_share_shows_how_many_of_how_many():
    cells = {
        (SHARE, "advice=before"): 75,
        ("grants_completed_to_date", "advice=before"): 30,
        ("grants_approved_to_date", "advice=before"): 40,
        (SHARE, "advice=none"): HIDDEN,
    }
    figure = figures.shares(
        observed(cells), [SHARE], PERIOD, "stadt", title="Completed", by="advice", **TOLD
    )
    before, without = bars_of(figure)
    assert (before[0], before[2], before[3]) == ("With advice before approval", "30 of 40", 75)
    assert (without[1], without[2], without[3]) == ("kept secret", "", None)
    assert "The largest share: With advice before approval" in figure.html


def test_a_count_is_set_against_the_whole_only_where_both_are_told():
    whole = ("participants_entered_to_date", "")
    young, old = ("participants_aged_18_29_to_date", ""), ("participants_aged_55_to_date", "")
    cells = {whole: 200, young: 50, old: HIDDEN, (young[0], "sex=female"): 20}
    figure = figures.participants(observed(cells), PERIOD, "stadt", **TOLD)
    assert [(bar[2], bar[3]) for bar in bars_of(figure)] == [("50 of 200", 25), ("", None)]
    head, *cells_of_young = table_of(figure)[0]
    assert (head, cells_of_young[:2], cells_of_young[3]) == ("aged 18 to 29", ["50", "200"], "20")
    figure = figures.participants(observed(cells | {whole: HIDDEN}), PERIOD, "stadt", **TOLD)
    assert [bar[3] for bar in bars_of(figure)] == [None, None]


def test_estimated_values_are_marked_in_tables_too_from_which_they_are_taken_along():
    def estimated(cells, *parts):
        made = observed(cells)
        made.loc[made["breakdown"].isin(parts), "obs_status"] = "E"
        return made, PERIOD, "stadt"

    funnel = figures.funnel(*estimated(STAGES | STEPS, "stage=applied", "step=applied"), **TOLD)
    assert table_of(funnel)[2] == ["Applied", "80e", "45.0\u00a0% of those advisede"]
    assert table_of(funnel)[3][1] == "60"
    stair = figures.job_stair(*estimated(JOBS, "status=verified"), **TOLD)
    assert [row[1] for row in table_of(stair)[:4]] == ["40.0", "30.0", "20.0e", "10.0"]
    shares = {(SHARE, "advice=before"): 75, ("grants_completed_to_date", "advice=before"): 30}
    made, *where = estimated(shares, "advice=before")
    shown = figures.shares(made, [SHARE], *where, title="Completed", by="advice", **TOLD)
    assert table_of(shown)[0][1] == "30e"
    for figure in (funnel, stair, shown):
        assert page_of(figure).select_one(".ow-note").get_text() == "e estimated"


def test_what_was_not_observed_is_said_and_fails_nothing():
    nothing = observed({("businesses", ""): 3})
    for figure in (
        figures.funnel(nothing, PERIOD, "stadt", **TOLD),
        figures.job_stair(nothing, PERIOD, "stadt", **TOLD),
        figures.participants(nothing, PERIOD, "stadt", **TOLD),
        figures.startups_lasting(nothing, PERIOD, "stadt", **TOLD),
        figures.shares(nothing, [SHARE], PERIOD, "stadt", title="Completed", **TOLD),
    ):
        assert "not observed" in figure.html


def test_start_ups_stand_beside_the_stated_cohort():
    stated = Benchmark(months=12, survival_pct=77.6, cohort=Text(de="G", en="Germany"), source="x")
    cells = {("startups_lasting_12m_share_to_date", ""): 90}
    figure = figures.startups_lasting(observed(cells), PERIOD, "stadt", [stated], **TOLD)
    assert "77.6" in figure.html
    assert "Germany" in figure.html


SITES = pd.DataFrame(
    {"site_id": ["k", "w"], "name": ["Point", "Works"], "kind": ["contact_point", "werkstadt"]}
)


def test_sites_have_their_totals_and_a_column_for_each_quarter():
    now = observed(
        {
            ("contacts_to_date", "site=k"): 12,
            ("contacts_to_date", "site=w"): 30,
            ("advice_hours_to_date", "site=w"): 8,
        }
    )
    quarters = [
        observed({("contacts", "site=k"): 5, ("contacts", "site=w"): 10}, period="2026-Q2"),
        observed({("contacts", "site=k"): HIDDEN, ("contacts", "site=w"): 20}),
    ]
    figure = figures.site_use(pd.concat([now, *quarters]), SITES, PERIOD, "stadt", **TOLD)
    page = page_of(figure)
    works, point = page.select(".ow-use tbody tr")  # workshops come first
    assert [cell.get_text("|", strip=True) for cell in works.select("td")][:2] == ["30", "8"]
    # Hours were told of one site, so that at the other there were none: no gap.
    assert point.select("td")[1].get_text("|", strip=True) == "–|nothing"
    assert [float(bar["height"]) for bar in works.select(".ow-columns rect")] == [12, 24]
    assert len(point.select(".ow-columns rect")) == len(point.select("circle")) == 1
    assert "Most used is Works, with 30\u00a0contacts." in page.get_text()


def test_labels_keep_what_tells_them_apart():
    assert apart(["Entries: women (so far)", "Entries: men (so far)"]) == (
        ["women", "men"],
        "so far",
    )
    assert apart(["A in the tree", "B in the tree"]) == (["A", "B"], "")
    assert apart(["alone (so far)"]) == (["alone (so far)"], "")
    assert apart(["same", "same"]) == (["same", "same"], "")


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 2), (4, 2)])
def test_small_figures_stand_in_pairs_and_a_lone_one_is_as_wide_as_the_page(page, count, columns):
    page.set_viewport_size({"width": 1280, "height": 900})
    halves = '<figure class="ow ow-figure ow-half"></figure>' * count
    page.set_content(f"<main><div class=title>T</div>{halves}<p>After</p></main>")
    for sheet in ("figures.css", "page.css"):
        page.add_style_tag(content=templates.source(sheet))
    widths = page.locator("figure").evaluate_all("all => all.map(one => one.offsetWidth)")
    whole = page.locator("main > p").evaluate("one => one.offsetWidth")
    assert [width == whole for width in widths] == [False] * (count - count % 2) + [True] * (
        count % 2
    )
    lefts = page.locator("figure").evaluate_all("all => all.map(one => one.offsetLeft)")
    assert len(set(lefts)) == columns
