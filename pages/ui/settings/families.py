"""The emission families: one entry each, with the words and properties that pages need.

Pages look a family up here instead of branching on its name. Figures of the families are in
`emission_charts` and `distribution_charts`, their true models in `laws`, their starting models in
`starts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAX_SYMBOLS = 20
"""The most symbols that a reader can tell apart on an axis."""

MAX_DIMENSIONS = 8
"""The most value columns that may be read from a file together."""

# The words are ASCII: in other labels of a row of buttons Streamlit searches for emoji, which costs
# the first visitor of a server a tenth of a second.
SHARED = {"initial_probs": ("Initial", "π"), "transition_matrix": ("Transitions", "A")}
LOCATIONS = ("means", "rates", "probs", "locations")
"""Location parameters of a state's observations; every family has exactly one of them."""

PART_PARAMETERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"locations": ("means", "rates", "probs"), "spreads": ("covariances",)}
)
"""The parameters of a product: of all its parts, those of these names."""


TOGETHER: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ccn": ("Two counts and a number", ("counts", "counts", "numbers")),
        "cccc": ("Four counts", ("counts",) * 4),
        "ns": ("A number and a symbol", ("numbers", "symbols")),
        "ncs": ("A number, a count and a symbol", ("numbers", "counts", "symbols")),
    }
)
"""What generated data may have at once: name to (words, the kind of each)."""


@dataclass(frozen=True)
class Family:
    """One kind of observations, and the emission distributions that model them.

    Attributes:
        label: its name in the list of families.
        law: how one state makes an observation, as the end of a sentence.
        own: what each state has one of, in the singular: "mean", "rate".
        parameters: emission parameters that training may change: name to (word, symbol).
        table: the Config field with the edited table of the location parameters.
        is_density: whether likelihoods are densities, which may exceed one.
        card: title of the live panel's card of emissions.
        picture: how to read that card.
        marks: what a hand can drag there, and how the truth is drawn: (with a true model, without).
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
        """Every parameter that training may change, π and A among them: name to word."""
        return {name: word for name, (word, _) in {**SHARED, **self.parameters}.items()}

    @property
    def symbols(self) -> Mapping[str, str]:
        """Every parameter that training may change, π and A among them: name to symbol."""
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
            "dash-dotted one all of them together; dotted lines are the true means.",
            marks=(
                "drag a mark or an edge; dotted: true",
                "drag a mark or an edge",
            ),
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
            "state accounts for, the dash-dotted one all of them together; dotted lines are the "
            "true rates.",
            marks=("drag a mark; dotted: true", "drag a mark"),
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
            marks=("drag a bar's end; lines across: true", "drag a bar's end"),
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
            "ellipse holds 86 % of what its state makes; dotted ellipses are the true ones.",
            marks=("drag a centre or a corner; dotted: true", "drag a centre or a corner"),
        ),
        "product": Family(
            label="Several at once (product)",
            law="several things at once, each of its own kind: numbers around a mean, counts "
            "around a rate, or one of several symbols; given the state, none says anything of "
            "another",
            own="pattern",
            parameters={"locations": ("What is emitted", "μ, λ, B"), "spreads": ("Noise", "σ")},
            table="parts_table",
            is_density=True,
            card="What each state emits of each",
            picture="a panel for each column of the data, as it would be drawn alone; grey is what "
            "was observed, and dotted lines, or short lines across bars, are the true values.",
            marks=("dotted: true", ""),
        ),
    }
)


def offered(family: str, kinds: Iterable[str]) -> Mapping[str, str]:
    """The parameters that can be chosen to be trained: name to word.

    Args:
        kinds: those of the data; without a number among them a product has no noise.
    """
    without = {"spreads"} if family == "product" and "numbers" not in kinds else set()
    words = FAMILIES[family].trainable
    return {name: word for name, word in words.items() if name not in without}


def trainable_for(family: str, names: Iterable[str]) -> tuple[str, ...]:
    """The parameters to train, translated into the names of a family.

    Its own names are kept. A location parameter of another family becomes this one's, such as
    means for rates, and all parameters of another family become all of this one's.
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
