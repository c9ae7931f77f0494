"""Participants of OstWerkStadt, their advice, and the evenings in the neighbourhood."""

from itertools import pairwise

import numpy as np
import pandas as pd

from . import draws
from .draws import QUARTER_STARTS, TODAY, day

PARTICIPANTS = 684
ENTRY_SEASON = (1.2, 1.0, 0.75, 1.05)
TOPICS = ("Bewerbung", "Qualifizierung", "Anerkennung", "Sprache", "Schulden", "Kinderbetreuung")
COMMUNITY_TOPICS = ("Nachbarschaftsfest", "Reparaturcafé", "Sprachcafé", "Offene Werkstatt")


def draw_participants(districts: pd.DataFrame, sites: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draw persons with the attributes that the ESF asks for.

    The first funding round ends in 2022 and the second begins in 2023, so few enter in between.
    Work is found more often by those with a qualification and rather less by the long-term
    unemployed; one in eight cannot be reached six months later.
    """
    rng = draws.stream(seed, "participants")
    size = PARTICIPANTS
    first = np.array(QUARTER_STARTS[:-1])
    weight = np.tile(ENTRY_SEASON, 8)[: len(first)] * np.interp(
        first,
        [
            day(text)
            for text in ("2019-01-01", "2019-10-01", "2022-10-01", "2023-01-01", "2023-07-01")
        ],
        [0.4, 1.2, 0.7, 0.15, 1.1],
    )
    weight = weight * np.where((first >= day("2020-04-01")) & (first < day("2021-04-01")), 0.5, 1)
    quarter = draws.pick(rng, weight, size)
    entered = first[quarter] + np.floor(91 * rng.random(size)).astype(int)
    entered = np.sort(draws.workday(np.minimum(entered, TODAY)))

    open_sites = (sites["kind"] == "werkstadt").to_numpy() & (
        entered[:, None] >= sites["opened_on"].to_numpy()
    )
    open_sites[~open_sites.any(axis=1), 0] = True
    entered = np.maximum(entered, sites["opened_on"].min().astype(int))
    site = draws.pick(rng, open_sites * np.array([1.2, 1.3, 0.8, 0.9, 0.7, 0, 0]), size)
    home = _homes(districts, sites, site, rng)

    migrants = (districts["migrants_2023"] / districts["residents_2024"]).to_numpy()[home]
    has_background = draws.chance(rng, np.clip(1.25 * migrants + 0.08, 0, 0.8))
    age = draws.pick(rng, np.array([0.02, 0.22, 0.53, 0.23]), size)
    isced = draws.pick(rng, np.array([0.36, 0.47, 0.17]), size)
    status_in = draws.pick(rng, np.array([0.3, 0.52, 0.12, 0.04, 0.02]), size)
    stay = draws.skewed(rng, 230, 0.5, size).clip(14, 540).astype(int)
    left = draws.workday(entered + stay).astype(float)
    left[left > TODAY] = np.nan

    work = 0.30 + 0.09 * isced - 0.09 * (status_in == 1) - 0.06 * (age == 3) - 0.05 * has_background
    work += np.array([0.03, -0.04, 0.02, 0.05, 0.0, 0, 0])[site] + 0.00004 * (entered - entered[0])
    work -= 0.10 * ((left > day("2020-04-01")) & (left < day("2021-04-01")))
    luck = rng.random(size)
    out = np.select(
        [luck < work * 0.84, luck < work, luck < work + 0.17, luck < work + 0.24],
        ["employed", "self_employed", "training", "inactive"],
        "unemployed",
    )
    later = rng.random(size)
    worked = np.isin(out, ["employed", "self_employed"])
    finds = np.where(worked, 0.81, np.where(out == "training", 0.46, 0.16))
    after = np.where(later < finds, np.where(worked, out, "employed"), "unemployed")
    after = np.where((later > 0.955) & ~worked, "inactive", after)
    reached = draws.chance(rng, np.full(size, 0.88))
    states = np.array(["unemployed", "long_term_unemployed", "inactive", "employed", "training"])
    return pd.DataFrame(
        {
            "participant_id": [f"P{n:04d}" for n in range(1, size + 1)],
            "entered_on": entered,
            "left_on": left,
            "site_id": sites["site_id"].to_numpy()[site],
            "sex": np.array(["female", "male", "non_binary"])[
                draws.pick(rng, np.array([0.49, 0.5, 0.01]), size)
            ],
            "age_group": np.array(["under_18", "18_29", "30_54", "55_plus"])[age],
            "isced": np.array(["0_2", "3_4", "5_8"])[isced],
            "labour_status_in": states[status_in],
            "labour_status_out": np.where(np.isnan(left), "", out),
            "labour_status_6m": np.where((left + 183 <= TODAY) & reached, after, ""),
            "has_migration_background": has_background,
            "district_id": districts["district_id"].to_numpy()[home],
        }
    )


def draw_records(participants: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draw who came back, to the same funding round or the next one, and what they gained.

    An entry becomes that of a person who had left before, of the same sex, age, background and
    district. The rounds are operations of their own.
    """
    rng = draws.stream(seed, "participants' records")
    entered, left = participants["entered_on"].to_numpy(), participants["left_on"].to_numpy()
    is_second = entered >= day("2023-01-01")
    number = np.arange(PARTICIPANTS)
    alike = participants.groupby(
        ["sex", "age_group", "has_migration_background", "district_id"], sort=False
    ).ngroup()
    person = number.copy()
    wanted = {True: 18, False: 12}  # into the next round, into the same one
    for later in np.argsort(rng.random(PARTICIPANTS), kind="stable"):
        earlier = (alike == alike[later]).to_numpy() & (left + 60 < entered[later])
        free = np.bincount(person, minlength=PARTICIPANTS) == 1
        for into_next in (True, False):
            fits = np.flatnonzero(earlier & free & ((is_second != is_second[later]) == into_next))
            if wanted[into_next] and free[later] and len(fits):
                person[later] = fits[-1]
                wanted[into_next] -= 1
                break

    has_left = ~np.isnan(left)
    works = participants["labour_status_in"].isin(["employed", "self_employed"]).to_numpy()
    is_reached = (participants["labour_status_6m"] != "").to_numpy()
    gained = draws.chance(rng, np.full(PARTICIPANTS, 0.34))
    better = draws.chance(rng, np.full(PARTICIPANTS, 0.3))
    return participants.assign(
        person_id=[f"N{n + 1:04d}" for n in person],
        operation_code=np.where(is_second, "BIWAQ-5", "BIWAQ-4"),
        has_gained_qualification=pd.Series(gained, dtype=object).where(has_left, None),
        has_better_position_6m=pd.Series(better, dtype=object).where(works & is_reached, None),
    )


def draw_person_contacts(
    participants: pd.DataFrame, sites: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Draw advice to participants, and community events with and without them.

    An event at which nobody is recorded by name has one row without a participant.
    """
    rng = draws.stream(seed, "person contacts")
    each = np.repeat(
        np.arange(PARTICIPANTS), 1 + draws.whole(rng, draws.skewed(rng, 1.4, 0.6, PARTICIPANTS))
    )
    person = participants.iloc[each]
    end = person["left_on"].fillna(TODAY).to_numpy()
    entered = person["entered_on"].to_numpy()
    occurred = entered + np.floor((end - entered) * rng.random(len(each))).astype(int)
    founds = (person["labour_status_out"] == "self_employed").to_numpy()
    advice = pd.DataFrame(
        {
            "occurred_on": draws.workday(occurred),
            "kind": np.where(founds, "startup_advice", "advice"),
            "participant_id": person["participant_id"].to_numpy(),
            "site_id": person["site_id"].to_numpy(),
            "hours": np.round(draws.skewed(rng, 1.0, 0.4, len(each)) * 4) / 4,
            "language": np.where(
                person["has_migration_background"] & draws.chance(rng, np.full(len(each), 0.4)),
                np.array(["ar", "ru", "uk", "vi", "en"])[
                    draws.pick(rng, np.array([5, 3, 3, 2, 2]), len(each))
                ],
                "de",
            ),
            "topic": np.array(TOPICS)[draws.pick(rng, np.array([5, 4, 2, 3, 1, 1]), len(each))],
        }
    )
    advice["occurred_on"] = np.maximum(advice["occurred_on"], entered)

    evenings = []
    for site in sites.itertuples():
        for first, after in pairwise(QUARTER_STARTS):
            start, stop = max(first, site.opened_on), np.fmin(after, site.closed_on)
            if start >= stop:
                continue
            count = 2 if site.kind == "contact_point" else 4
            for date in draws.workday(np.floor(draws.uniform(rng, start, stop, count)).astype(int)):
                here = participants["site_id"] == site.site_id
                taking_part = here & (participants["entered_on"] <= date)
                taking_part &= ~(participants["left_on"] < date)
                guests = min(int(5 * rng.random()), int(taking_part.sum()))
                come = draws.sample(rng, taking_part.to_numpy().astype(float), guests)
                names = ["", *participants["participant_id"].to_numpy()[come]]
                evenings.append(
                    pd.DataFrame(
                        {
                            "occurred_on": max(int(date), int(site.opened_on)),
                            "participant_id": names,
                            "site_id": site.site_id,
                            "topic": COMMUNITY_TOPICS[int(4 * rng.random())],
                        }
                    )
                )
    community = pd.concat(evenings, ignore_index=True).assign(kind="community_event", hours=3.0)
    return pd.concat([advice, community], ignore_index=True)


def _homes(
    districts: pd.DataFrame, sites: pd.DataFrame, site: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw where participants live: where unemployment is, and not far from their site."""
    points = districts[["easting_m", "northing_m"]].to_numpy()
    places = sites[["easting_m", "northing_m"]].to_numpy()
    distance = np.hypot(*(points[None] - places[:, None]).transpose(2, 0, 1))
    weights = districts["unemployed_2022"].to_numpy() * np.exp(-distance / 1100)
    return draws.pick(rng, weights[site], len(site))
