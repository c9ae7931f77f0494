"""From gross to net: how much of what was counted is the programme's own addition.

Jobs of supported firms are counted gross. Some would have come about anyway (deadweight), go to
people from elsewhere (leakage), cost other firms of the area theirs (displacement), or replace jobs
within the same firm (substitution); what is left buys and spends in the area (multiplier).

The arithmetic is that of the Additionality Guide, 4th edition (Homes and Communities Agency, London
2014), chapter 5::

    net = GI (1 - L) (1 - Dp) (1 - S) M  -  GI* (1 - L*) (1 - Dp*) (1 - S*) M*

The second part is the reference case, which is what would have happened without the support. Where
no effects of its own are known for it, it is a share of the gross effect, the deadweight, with the
same factors.

Shares are assumed here, not measured. So a result is stated with its range: all assumptions at
their cautious end, and all at their favourable one. That range is no confidence interval, and
nobody knows how probable it is.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import pandas as pd

from .faults import DataError

if TYPE_CHECKING:
    from .programme import Additionality

SHARES = ("deadweight_pct", "leakage_pct", "displacement_pct", "substitution_pct")
"""Factors that take something away, in the order in which the stairs lead down."""
STEPS = (*SHARES, "multiplier")


@dataclass(frozen=True)
class Assumptions:
    """One value for each factor between gross and net.

    Parameters
    ----------
    deadweight_pct, leakage_pct, displacement_pct, substitution_pct : float
        Shares, from 0 to 100.
    multiplier : float
        What the local effect grows by, at least 1.

    Raises
    ------
    DataError
        If one lies outside its bounds.
    """

    deadweight_pct: float = 0.0
    leakage_pct: float = 0.0
    displacement_pct: float = 0.0
    substitution_pct: float = 0.0
    multiplier: float = 1.0

    def __post_init__(self) -> None:
        for name in SHARES:
            if not 0 <= getattr(self, name) <= 100:
                raise DataError(
                    "{name} is {value:g}; it must be a share from 0 to 100.",
                    name=name,
                    value=getattr(self, name),
                )
        if not self.multiplier >= 1:
            raise DataError(
                "The multiplier is {value:g}; it must be at least 1.", value=self.multiplier
            )

    @classmethod
    def central(cls, stated: "Additionality") -> Self:
        """Take the central value of each stated assumption."""
        return cls(**{step.name: getattr(stated, step.name).central for step in fields(cls)})

    @classmethod
    def cautious(cls, stated: "Additionality") -> Self:
        """Take of each stated assumption the end that leaves least."""
        high = {name: getattr(stated, name).high for name in SHARES}
        return cls(**high, multiplier=stated.multiplier.low)

    @classmethod
    def favourable(cls, stated: "Additionality") -> Self:
        """Take of each stated assumption the end that leaves most."""
        low = {name: getattr(stated, name).low for name in SHARES}
        return cls(**low, multiplier=stated.multiplier.high)


def local_effect(gross: float, assumed: Assumptions) -> float:
    """Give what a gross effect leaves in the area: one of the two parts of the Guide's formula.

    The deadweight is no part of it: it is what the reference case takes away.
    """
    for name in SHARES[1:]:
        gross *= 1 - getattr(assumed, name) / 100
    return gross * assumed.multiplier


def net_effect(
    gross: float, assumed: Assumptions, reference: tuple[float, Assumptions] | None = None
) -> float:
    """Give the net additional effect.

    Parameters
    ----------
    gross : float
        In any unit, which is that of the result.
    assumed : Assumptions
    reference : (float, Assumptions), optional
        Gross effect of the reference case and its own factors. Without it, the reference case is
        the deadweight's share of ``gross``, and has the factors of the intervention.

    Returns
    -------
    float
        Negative where the reference case would have left more.
    """
    other, factors = reference or (gross * assumed.deadweight_pct / 100, assumed)
    return local_effect(gross, assumed) - local_effect(other, factors)


def stairs(gross: float, assumed: Assumptions) -> pd.DataFrame:
    """Lead from gross to net step by step; the order changes the steps, never their end.

    Returns
    -------
    DataFrame, one row for each of :data:`STEPS`
        ``step``, ``factor`` (a share in percent, or the multiplier), ``before``, ``change`` and
        ``after``, in the unit of ``gross``. The first ``before`` is gross, the last ``after`` net.
    """
    rows, left = [], gross
    for step in STEPS:
        factor = getattr(assumed, step)
        after = left * (factor if step == "multiplier" else 1 - factor / 100)
        rows.append((step, factor, left, after - left, after))
        left = after
    return pd.DataFrame(rows, columns=["step", "factor", "before", "change", "after"])


def net_range(gross: float, stated: "Additionality") -> tuple[float, float, float]:
    """Give the net effect at the cautious, central and favourable ends of stated assumptions."""
    cautious, central, favourable = (
        net_effect(gross, choose(stated))
        for choose in (Assumptions.cautious, Assumptions.central, Assumptions.favourable)
    )
    return cautious, central, favourable
