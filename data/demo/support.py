"""What the programme did: firms contacted and advised, grants, and the jobs that followed.

The totals follow the published figures of the KMU-Beihilfe, moved in time; they are set here as
constants, and the draws decide only who, where and when.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from . import draws
from .draws import QUARTER_STARTS, TODAY, day
from .economy import FUNDING_STARTS
from .geometry import to_lonlat

CONTACTED = 612
ROLES = {"funded": 200, "approved": 6, "applied": 9, "rejected": 30, "withdrawn": 15}
"""Firms by what became of their first application; all the others only had advice."""

SECOND_GRANTS = 18
STARTGELD = 24
APPROVED_EUR, COST_EUR = 812_000, 2_110_000
"""Grants approved by the KMU-Beihilfe, and the eligible cost of what they were approved for."""

JOBS_VERIFIED = {"created": 154, "secured": 206, "training_place": 21}
JOBS_ELSEWHERE = {"startgeld": 10, "without grant": 14}
"""Verified jobs that followed from the start-up grants and from advice alone: not to be added."""

SITES = [
    # site_id, name, kind, district, opened, closed
    ("W1", "WerkStadt Neustadt", "werkstadt", "20", "2019-01-14", ""),
    ("W2", "WerkStadt Volkmarsdorf", "werkstadt", "21", "2019-01-14", ""),
    ("W3", "WerkStadt Anger-Crottendorf", "werkstadt", "22", "2019-04-01", ""),
    ("W4", "WerkStadt Reudnitz", "werkstadt", "30", "2019-09-02", ""),
    ("W5", "WerkStadt Schönefeld", "werkstadt", "10", "2021-03-01", ""),
    ("K1", "Kontaktstelle Sellerhausen", "contact_point", "23", "2019-02-01", ""),
    ("K2", "Kontaktstelle Paunsdorf", "contact_point", "24", "2020-02-03", "2025-12-19"),
]
REACH = {"20": 1.0, "21": 1.3, "22": 1.2, "23": 1.0, "10": 0.9, "30": 0.55, "24": 0.6}
REACH |= {"11": 0.06, "01": 0.04, "02": 0.03, "25": 0.05, "31": 0.05}
"""Chance that a firm is contacted, by district, relative to Neustadt-Neuschönefeld."""

TOPICS = ("Förderung", "Finanzierung", "Räume", "Personal", "Digitales", "Werbung", "Energie")
PURPOSES = ("Ausstattung", "Maschinen", "Ladenumbau", "Digitalisierung", "Fahrzeug", "Werbung")
LANGUAGES = ("ar", "vi", "ru", "tr", "uk", "en", "pl")
FAR_OFF = 10**6


def draw_sites(districts: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Place the five WerkStädte and two contact points near the middle of their districts."""
    rng = draws.stream(seed, "sites")
    sites = pd.DataFrame(
        SITES, columns=["site_id", "name", "kind", "district_id", "opened_on", "closed_on"]
    )
    home = districts.set_index("district_id").loc[sites["district_id"]]
    middle = np.array([[cell.centroid.x, cell.centroid.y] for cell in home["cell"]])
    points = middle + 120 * np.column_stack([draws.normal(rng, 7), draws.normal(rng, 7)])
    sites[["easting_m", "northing_m"]] = points
    sites[["lon", "lat"]] = to_lonlat(points, decimals=6)
    sites["address"] = [
        f"Erfundener Weg {n}, Leipzig-{name}" for n, name in enumerate(home["name"], 1)
    ]
    for column in ("opened_on", "closed_on"):
        sites[column] = [day(text) if text else np.nan for text in sites[column]]
    sites["measure_id"] = sites["kind"].map(
        {"werkstadt": "werkstaedte", "contact_point": "kontaktstellen"}
    )
    return sites


def choose_supported(businesses: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Choose who is contacted, when, and what becomes of it.

    Returns
    -------
    DataFrame, indexed by the position in ``businesses``
        ``contact_on``, ``start_on`` (the first day on which it is both known and founded),
        ``role`` (of :data:`ROLES`, or "" for advice only) and ``is_startup`` (advised before it
        was founded).
    """
    rng = draws.stream(seed, "supported")
    founded = businesses["founded_on"].to_numpy()
    weight = businesses["district_id"].map(REACH).fillna(0).to_numpy()
    staff = businesses["employees_fte"].to_numpy()
    weight = weight * np.select([staff < 10, staff < 50], [1.0, 0.35], 0)
    retail = businesses["wz_code"].str[:2].isin(["47", "56", "96", "95", "43", "74"])
    weight = weight * np.where(retail, 1.6, 1.0)
    weight = weight * np.where(businesses["has_migrant_owner"], 1.2, 1.0)
    weight = weight * np.where(founded > FUNDING_STARTS + 60, 0.9, 1.0)
    weight = np.where(founded > day("2026-06-30"), 0, weight)
    chosen = draws.sample(rng, weight, CONTACTED)

    founded = founded[chosen]
    is_startup = (founded > FUNDING_STARTS + 60) & draws.chance(rng, np.full(CONTACTED, 0.75))
    contact = np.maximum(_contact_days(rng, CONTACTED), founded + 20)
    late = contact > TODAY - 5
    contact = np.where(late, np.minimum(founded + 20, TODAY - 5), contact)
    before = founded - np.floor(draws.uniform(rng, 15, 150, CONTACTED)).astype(int)
    contact = np.where(is_startup, np.maximum(before, FUNDING_STARTS + 1), contact)
    contact = draws.workday(contact)

    start = np.maximum(contact, founded)
    role = np.full(CONTACTED, "", dtype=object)
    windows = {
        "applied": ("2026-02-01", "2026-07-15"),
        "approved": ("2025-10-01", "2026-04-15"),
        "funded": ("2020-07-01", "2025-12-15"),
        "rejected": ("2020-07-01", "2026-02-15"),
        "withdrawn": ("2020-07-01", "2026-02-15"),
    }
    size = staff[chosen]
    for name, (first, last) in windows.items():
        free = (role == "") & (start >= day(first)) & (start <= day(last))
        likely = free * np.select([size < 1, size < 5], [0.7, 1.2], 1.0)
        if name == "funded":
            likely = likely * np.where(is_startup, 1.5, 1.0)
        role[draws.sample(rng, likely, ROLES[name])] = name
    return pd.DataFrame(
        {"contact_on": contact, "start_on": start, "is_startup": is_startup, "role": role},
        index=chosen,
    )


def draw_grants(businesses: pd.DataFrame, supported: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draw the applications to the KMU-Beihilfe and to the start-up grant.

    What was given and what it cost are scaled to :data:`APPROVED_EUR` and :data:`COST_EUR`.
    """
    rng = draws.stream(seed, "grants")
    first = supported[supported["role"] != ""]
    grants = pd.DataFrame(
        {
            "place": first.index,
            "measure_id": "kmu",
            "status": first["role"].to_numpy(),
            "applied_on": _applications(first, rng),
        }
    )
    decided = grants["applied_on"] + 18 + _days(rng, 28, 0.5, len(grants))
    grants["approved_on"] = np.minimum(decided, TODAY - 3)
    paid = grants["approved_on"] + 12 + _days(rng, 45, 0.6, len(grants))
    grants["paid_on"] = np.minimum(paid, TODAY - 1)

    done = grants[(grants["status"] == "funded") & (grants["paid_on"] < day("2024-09-01"))]
    again = done.iloc[draws.sample(rng, np.ones(len(done)), SECOND_GRANTS)].copy()
    again["applied_on"] = again["paid_on"] + np.floor(draws.uniform(rng, 150, 420, len(again)))
    again["approved_on"] = again["applied_on"] + 20 + _days(rng, 25, 0.4, len(again))
    again["paid_on"] = again["approved_on"] + 15 + _days(rng, 40, 0.4, len(again))

    startups = supported[supported["is_startup"] & (supported["start_on"] < day("2025-06-30"))]
    likely = np.where(startups["role"] == "funded", 0.25, 1.0)
    place = startups.index[draws.sample(rng, likely, STARTGELD)]
    small = pd.DataFrame({"place": place, "measure_id": "startgeld", "status": "funded"})
    small["applied_on"] = supported.loc[place, "start_on"].to_numpy() + _days(
        rng, 20, 0.6, STARTGELD
    )
    small["approved_on"] = small["applied_on"] + 10 + _days(rng, 12, 0.4, STARTGELD)
    small["paid_on"] = small["approved_on"] + 5 + _days(rng, 10, 0.4, STARTGELD)

    grants = pd.concat([grants, again, small], ignore_index=True)
    for column in ("applied_on", "approved_on", "paid_on"):
        grants[column] = draws.workday(grants[column].to_numpy().astype(int)).astype(float)
    proved = grants["paid_on"] + 60 + _days(rng, 120, 0.5, len(grants))
    is_paid = grants["status"] == "funded"
    grants["completed_on"] = draws.workday(proved.to_numpy().astype(int)).astype(float)
    grants.loc[~is_paid | (grants["completed_on"] > TODAY), "completed_on"] = np.nan
    grants.loc[is_paid, "status"] = np.where(
        grants.loc[is_paid, "completed_on"].notna(), "completed", "paid"
    )
    grants.loc[~is_paid, "paid_on"] = np.nan
    grants.loc[~grants["status"].isin(["approved", "paid", "completed"]), "approved_on"] = np.nan

    _amounts(grants, rng)
    grants["purpose"] = np.array(PURPOSES)[
        draws.pick(rng, np.array([6, 4, 3, 3, 1, 2]), len(grants))
    ]
    grants["is_de_minimis"] = True
    grants["business_id"] = businesses["business_id"].to_numpy()[grants["place"]]
    grants = grants.sort_values(["applied_on", "business_id"], ignore_index=True, kind="stable")
    grants.insert(0, "grant_id", [f"F{n:04d}" for n in range(1, len(grants) + 1)])
    return grants


def draw_shares(grants: pd.DataFrame) -> pd.DataFrame:
    """Split approved grants by fund: the Union's share fell when a new period began in 2023."""
    approved = grants[grants["status"].isin(["approved", "paid", "completed"])]
    rows = []
    for grant in approved.itertuples():
        if grant.measure_id == "startgeld":
            split = {"city": 100.0}
        elif grant.approved_on < day("2023-01-01"):
            split = {"ERDF": 75.0, "city": 25.0}
        else:
            split = {"ERDF": 62.5, "city": 37.5}
        rows += [(grant.grant_id, fund, share) for fund, share in split.items()]
    return pd.DataFrame(rows, columns=["grant_id", "fund", "share_pct"])


def draw_jobs(
    businesses: pd.DataFrame,
    supported: pd.DataFrame,
    grants: pd.DataFrame,
    contacts: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Draw the jobs with every rung that they reached.

    More is promised than claimed, more claimed than verified. Firms that were advised before the
    approval keep more of their promises.
    """
    rng = draws.stream(seed, "jobs")
    paid = grants[grants["paid_on"].notna()].copy()
    advice = contacts[contacts["kind"].isin(["advice", "startup_advice"])]
    first_advice = advice.groupby("business_id")["occurred_on"].min()
    paid["advised"] = paid["business_id"].map(first_advice) < paid["approved_on"]
    paid["is_startup"] = supported["is_startup"].reindex(paid["place"]).to_numpy()
    paid["staff"] = businesses["employees_fte"].to_numpy()[paid["place"]]
    paid["closed_on"] = businesses["closed_on"].to_numpy()[paid["place"]]

    kmu, small = paid[paid["measure_id"] == "kmu"], paid[paid["measure_id"] == "startgeld"]
    keep = np.where(kmu["advised"], 1.5, 0.8)
    growth = (kmu["grant_eur"] / kmu["grant_eur"].mean()).to_numpy() ** 0.6 * keep
    staffed = kmu[kmu["staff"] >= 1]
    room = staffed["staff"].clip(upper=8).to_numpy()
    trains = JOBS_VERIFIED["training_place"]
    parts = [
        _jobs(kmu, "created", 208, JOBS_VERIFIED["created"], growth, rng),
        _jobs(staffed, "secured", 250, JOBS_VERIFIED["secured"], room, rng),
        _jobs(staffed, "training_place", 29, trains, room**2, rng),
        _jobs(small, "created", 12, JOBS_ELSEWHERE["startgeld"], 1.0, rng),
    ]
    alone = supported[(supported["role"] == "") & (supported["start_on"] < day("2025-01-01"))]
    advised = pd.DataFrame(
        {
            "place": alone.index,
            "business_id": businesses["business_id"].to_numpy()[alone.index],
            "grant_id": "",
            "approved_on": draws.workday(alone["start_on"] + 40),
            "paid_on": alone["start_on"] + 60.0,
            "closed_on": businesses["closed_on"].to_numpy()[alone.index],
            "is_startup": False,
        }
    )
    parts.append(_jobs(advised, "secured", 19, JOBS_ELSEWHERE["without grant"], 1.0, rng))
    jobs = pd.concat(parts, ignore_index=True)
    jobs = jobs.sort_values(["promised", "business_id", "kind"], ignore_index=True, kind="stable")
    jobs.insert(0, "job_id", [f"J{n:04d}" for n in range(1, len(jobs) + 1)])
    rungs = jobs.melt(
        [c for c in jobs if c not in ("promised", "claimed", "verified", "retained")],
        var_name="status",
        value_name="status_on",
    ).dropna(subset="status_on")
    rungs["order"] = rungs["status"].map(
        {"promised": 0, "claimed": 1, "verified": 2, "retained": 3}
    )
    return rungs.sort_values(["job_id", "order"], ignore_index=True)


def draw_business_contacts(
    businesses: pd.DataFrame, supported: pd.DataFrame, sites: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Draw first contacts, referrals, advice and the round table's guests.

    A firm goes to the nearest site that is open, often first to a contact point, which refers it
    to a WerkStadt.
    """
    rng = draws.stream(seed, "contacts")
    size = len(supported)
    firms = businesses.iloc[supported.index]
    contact = supported["contact_on"].to_numpy()
    at_point = draws.chance(rng, np.full(size, 0.35))
    first_site = _nearest_site(
        firms, sites, contact, np.where(at_point, "contact_point", "werkstadt")
    )
    later_site = _nearest_site(firms, sites, contact, np.full(size, "werkstadt"))
    refers = sites["kind"].to_numpy()[first_site] == "contact_point"
    refers &= draws.chance(rng, np.full(size, 0.85))
    code = sites["site_id"].to_numpy()
    speaks = np.array(LANGUAGES)[draws.pick(rng, np.array([7, 5, 4, 4, 3, 3, 2]), size)]
    foreign = firms["has_migrant_owner"].to_numpy() & draws.chance(rng, np.full(size, 0.45))
    language = np.where(foreign, speaks, "de")
    firm = firms["business_id"].to_numpy()
    first = pd.DataFrame(
        {
            "occurred_on": contact,
            "kind": "first_contact",
            "business_id": firm,
            "site_id": code[first_site],
            "referred_to_site_id": np.where(refers, code[later_site], ""),
            "hours": np.round(draws.uniform(rng, 1, 5, size)) / 4,
            "language": language,
            "topic": _topics(rng, size),
        }
    )

    role = supported["role"].to_numpy()
    advised = draws.chance(rng, np.where(role == "", 0.66, np.where(role == "funded", 0.86, 0.72)))
    sessions = np.where(advised, 1 + draws.whole(rng, draws.skewed(rng, 1.9, 0.7, size)), 0)
    each = np.repeat(np.arange(size), np.minimum(sessions, 14))
    number = pd.Series(each).groupby(each).cumcount().to_numpy()
    wait = _days(rng, np.where(refers, 16, 9)[each], 0.6, len(each))
    occurred = draws.workday(contact[each] + 1 + wait + number * _days(rng, 48, 0.6, len(each)))
    before = supported["is_startup"].to_numpy()[each] & (
        occurred <= supported["start_on"].to_numpy()[each] + 30
    )
    advice = pd.DataFrame(
        {
            "occurred_on": occurred,
            "kind": np.where(before, "startup_advice", "advice"),
            "business_id": firm[each],
            "site_id": code[later_site[each]],
            "hours": np.round(draws.skewed(rng, 1.4, 0.45, len(each)) * 4) / 4,
            "language": language[each],
            "topic": _topics(rng, len(each)),
        }
    )
    closed = businesses["closed_on"].to_numpy()[supported.index][each]
    advice = advice[(advice["occurred_on"] <= np.fmin(closed, TODAY))]

    tables = [first, advice, _round_tables(businesses, supported, rng)]
    return pd.concat(tables, ignore_index=True)


def _round_tables(
    businesses: pd.DataFrame, supported: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Three evenings a quarter; some firms come back again and again."""
    firm = businesses["business_id"].to_numpy()[supported.index]
    closed = businesses["closed_on"].to_numpy()[supported.index]
    loyalty = draws.skewed(rng, 1.0, 1.2, len(supported))
    evenings = []
    for first, after in pairwise(QUARTER_STARTS[6:]):
        for date in draws.workday(np.floor(draws.uniform(rng, first, after, 3)).astype(int)):
            known = (supported["contact_on"].to_numpy() < date) & ~(closed < date)
            guests = min(6 + int(14 * rng.random()), int(known.sum()))
            come = draws.sample(rng, loyalty * known, guests)
            evenings.append(pd.DataFrame({"occurred_on": date, "business_id": firm[come]}))
    table = pd.concat(evenings, ignore_index=True)
    return table.assign(kind="network_event", hours=2.0, language="de", topic="Runder Tisch")


def _contact_days(rng: np.random.Generator, size: int) -> np.ndarray:
    """Days of first contact: a slow start, the second lockdown, few in summer and in December."""
    first, last = FUNDING_STARTS, TODAY
    days = np.arange(first, last - 4)
    calendar = days.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    month = np.array([1.15, 1.1, 1.25, 1, 1.05, 1, 0.6, 0.65, 1.2, 1.15, 1.1, 0.5])[calendar % 12]
    trend = np.interp(
        days, [first, day("2022-06-01"), day("2024-06-01"), last], [0.5, 1.3, 1.1, 0.6]
    )
    lockdown = (days >= day("2020-11-01")) & (days < day("2021-06-01"))
    weights = month * trend * np.where(lockdown, 0.35, 1)
    return days[draws.pick(rng, weights, size)]


def _applications(first: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Days of application: some weeks after the first contact, early enough for what follows."""
    wanted = first["start_on"].to_numpy() + 10 + _days(rng, 55, 0.7, len(first))
    latest = first["role"].map(
        {
            "funded": day("2026-03-20"),
            "approved": day("2026-06-20"),
            "applied": TODAY - 5,
            "rejected": day("2026-06-01"),
            "withdrawn": day("2026-06-01"),
        }
    )
    early = np.where(first["role"] == "applied", day("2026-07-01"), 0)
    early = np.where(first["role"] == "approved", day("2026-04-15"), early)
    return np.clip(wanted, np.maximum(early, first["start_on"]), latest)


def _amounts(grants: pd.DataFrame, rng: np.random.Generator) -> None:
    """Fill in cost, grant and payment; scale the KMU-Beihilfe to the published sums."""
    size = len(grants)
    is_small = (grants["measure_id"] == "startgeld").to_numpy()
    asked = np.clip(draws.skewed(rng, 3200, 0.6, size), 900, 12_000)
    asked = np.where(is_small, draws.uniform(rng, 1000, 2600, size), asked)
    rate = np.where(is_small, 0.8, draws.uniform(rng, 0.3, 0.5, size))
    used = np.where(draws.chance(rng, np.full(size, 0.8)), 1.0, draws.uniform(rng, 0.86, 1, size))
    approved = grants["approved_on"].notna().to_numpy()
    scaled = approved & ~is_small
    asked = np.round(np.where(is_small, 1, APPROVED_EUR / asked[scaled].sum()) * asked, -1)
    cost = asked / rate
    cost = np.where(is_small, 1, COST_EUR / cost[scaled].sum()) * cost
    grants["eligible_cost_eur"] = np.round(cost, 2)
    grants["grant_eur"] = np.where(approved, asked, np.nan)
    grants["paid_eur"] = np.where(grants["paid_on"].notna(), np.round(asked * used, 2), np.nan)


def _jobs(
    paid: pd.DataFrame,
    kind: str,
    promised: int,
    verified: int,
    weight: np.ndarray | float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Draw jobs of one kind: so many promised, of which so many are verified.

    The founder's own job is the first of a start-up; at most a third are of that kind. Promises
    are kept rather by those with a larger weight; a job is retained if it and the business are
    still there a year later.
    """
    weight = np.broadcast_to(weight, len(paid))
    founders = np.flatnonzero(paid["is_startup"]) if kind == "created" else np.array([], dtype=int)
    founders = founders[~pd.Series(paid["place"].to_numpy()[founders]).duplicated().to_numpy()]
    founders = founders[: promised // 3]
    others = draws.pick(rng, weight, promised - len(founders))
    row = np.concatenate([founders, others]).astype(int)
    jobs = paid.iloc[row][["business_id", "grant_id"]].reset_index(drop=True)
    jobs["kind"] = kind
    jobs["fte"] = np.array([1.0, 0.75, 0.5])[draws.pick(rng, np.array([84, 10, 6]), promised)]
    jobs["headcount"] = 1
    jobs["is_founder"] = np.arange(promised) < len(founders)
    jobs.loc[jobs["is_founder"], "fte"] = 1.0

    source = paid.iloc[row].reset_index(drop=True)
    jobs["promised"] = source["approved_on"]
    jobs["claimed"] = draws.workday(
        (source["paid_on"] + 20 + _days(rng, 60, 0.6, promised)).astype(int)
    )
    check = draws.workday((jobs["claimed"] + 30 + _days(rng, 50, 0.5, promised)).astype(int))
    after_year = draws.workday(
        check + 365 + np.floor(draws.uniform(rng, 0, 40, promised)).astype(int)
    )
    closed = source["closed_on"].fillna(FAR_OFF).to_numpy()
    possible = (check <= TODAY) & (check < closed)
    likely = np.where(possible, weight[row] * np.where(jobs["is_founder"], 3, 1), 0)
    kept = np.zeros(promised, dtype=bool)
    kept[draws.sample(rng, likely, verified)] = True
    claims = kept | draws.chance(rng, np.full(promised, 0.55))
    jobs["claimed"] = jobs["claimed"].where(claims & (jobs["claimed"] <= np.minimum(TODAY, closed)))
    jobs["verified"] = pd.Series(check.astype(float)).where(kept)
    stays = (
        kept
        & (after_year <= np.minimum(TODAY, closed))
        & draws.chance(rng, np.full(promised, 0.86))
    )
    jobs["retained"] = pd.Series(after_year.astype(float)).where(stays)
    return jobs


def _nearest_site(
    firms: pd.DataFrame, sites: pd.DataFrame, on: np.ndarray, kind: np.ndarray
) -> np.ndarray:
    """Position of the nearest site of a kind that is open on the day."""
    east = firms["lon"].to_numpy()[:, None] - sites["lon"].to_numpy()
    north = firms["lat"].to_numpy()[:, None] - sites["lat"].to_numpy()
    distance = np.hypot(east * 0.625, north)  # a degree of longitude is shorter at 51.3° north
    opened = on[:, None] >= sites["opened_on"].to_numpy()
    opened &= ~(on[:, None] > sites["closed_on"].to_numpy())
    fits = opened & (kind[:, None] == sites["kind"].to_numpy())
    return np.where(fits, distance, FAR_OFF).argmin(axis=1)


def _topics(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.array(TOPICS)[draws.pick(rng, np.array([8, 4, 3, 3, 3, 2, 1]), size)]


def _days(
    rng: np.random.Generator, median: np.ndarray | float, spread: float, size: int
) -> np.ndarray:
    """Waiting times in whole days."""
    return np.floor(draws.skewed(rng, median, spread, size)).clip(0, 400).astype(int)
