"""What can be observed: one entry for each family of emissions, with everything said about it.

Pages ask this table instead of telling families apart themselves. What families draw is in
`emission_charts` and `data_charts`, how they are made in `laws` and `starts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAX_SYMBOLS = 20
"""So many symbols can be told apart on an axis."""

MAX_DIMENSIONS = 8
"""So many value columns may be taken from a file together."""

# Words in ASCII: in other labels of a row of buttons Streamlit looks for emoji, for which the first
# visitor of a server waits a tenth of a second.
SHARED = {"initial_probs": ("Initial", "π"), "transition_matrix": ("Transitions", "A")}
LOCATIONS = ("means", "rates", "probs")
"""Parameters that say where a state's observations lie; every family has one of them."""


@dataclass(frozen=True)
class Family:
    """One kind of observations, and the emissions that model them.

    Attributes:
        label: in the list of families.
        law: how one state makes an observation, as the end of a sentence.
        own: what every state has for itself, in the singular.
        parameters: what training may change besides π and A: by name, the word and the symbol.
        table: field of the table that edits where the states' observations lie.
        is_density: whether likelihoods are densities, which may exceed one.
        card: title of the live panel's card of emissions.
        picture: how to read that card.
        marks: the short form of it, with a truth and without.
    """

    label: str
    law: str
    own: str
    parameters: Mapping[str, tuple[str, str]]
    table: str
    is_density: bool
    card: str
    picture: str
    marks: tuple[str, str]

    @property
    def trainable(self) -> Mapping[str, str]:
        """Every parameter that training may change, with its word."""
        return {name: word for name, (word, _) in {**SHARED, **self.parameters}.items()}

    @property
    def symbols(self) -> Mapping[str, str]:
        """Every parameter that training may change, with its symbol."""
        return {name: symbol for name, (_, symbol) in {**SHARED, **self.parameters}.items()}


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "numbers": Family(
            label="Numbers (Gaussian)",
            law="a number around the state's own mean **μ**, spread by the noise **σ**",
            own="mean",
            parameters={"means": ("Means", "μ"), "covariances": ("Noise", "σ")},
            table="means_table",
            is_density=True,
            card="Means and densities",
            picture="grey is what was observed; each curve is what one state accounts for, the "
            "dotted one all of them together; dashed lines are the true means.",
            marks=("marks below: learned; dashed: true", "marks below: learned"),
        ),
        "counts": Family(
            label="Counts (Poisson)",
            law="a count around the state's own rate **λ**, its average; the larger the rate, the "
            "wider counts spread around it",
            own="rate",
            parameters={"rates": ("Rates", "λ")},
            table="rates_table",
            is_density=False,
            card="Rates and counts",
            picture="grey is how often each count was observed; each stepped curve is what one "
            "state accounts for, the dotted one all of them together; dashed lines are the true "
            "rates.",
            marks=("marks below: learned; dashed: true", "marks below: learned"),
        ),
        "symbols": Family(
            label="Symbols (Categorical)",
            law="one of C symbols, drawn from the state's own row of the symbol probabilities "
            "**B**",
            own="set of symbol probabilities",
            parameters={"probs": ("Symbols", "B")},
            table="symbols_table",
            is_density=False,
            card="Symbol probabilities",
            picture="for each symbol, a bar per state: how probable the symbol is there; the short "
            "lines across are the true probabilities.",
            marks=("bars: learned; lines: true", "bars: learned"),
        ),
        "points": Family(
            label="Points (multivariate Gaussian)",
            law="a point around the state's own mean **μ**, spread by the covariance matrix **Σ**",
            own="mean",
            parameters={"means": ("Means", "μ"), "covariances": ("Covariances", "Σ")},
            table="points_table",
            is_density=True,
            card="Means and covariances",
            picture="points of the shown sequence in the colour of their Viterbi state; each "
            "ellipse holds 86 % of what its state makes; dashed ellipses are the true ones.",
            marks=("ellipses: learned; dashed: true", "ellipses: learned"),
        ),
    }
)


def trainable_for(family: str, names: Iterable[str]) -> tuple[str, ...]:
    """Names of parameters to train, in the terms of a family.

    Names of its own are kept. Those of another family stand for their counterparts: rates for
    means, and everything for everything.
    """
    own = tuple(FAMILIES[family].trainable)
    chosen = set(names)
    foreign = chosen - set(own)
    if not foreign:
        return tuple(name for name in own if name in chosen)
    if any(chosen >= set(other.trainable) for other in FAMILIES.values()):
        return own
    located = bool(chosen & set(LOCATIONS))
    return tuple(name for name in own if name in chosen or (located and name in LOCATIONS))
