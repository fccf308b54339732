"""What the columns of a file are: values, a sequence, times, known states.

A guess, judged by content first and by names where content leaves it open. Whoever brings the file
can say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.tables.numbers import Format, Shapes, Texts, column_format, numbers
from hmmcore.tables.times import is_clock, looks_like_times, since_1970

BLANK_LINES = "(blank lines)"
"""In place of a column that names sequences: a blank line ends one."""
FILE_ORDER = ""
"""In place of a column: none."""

GROUP_NAMES = re.compile(
    r"(^|[_\s.-])(sequence|seq|series|id|subj|subject|group|unit|trial|animal|person|patient|session|"
    r"participant|individual|chain|ticker|track|device|cell|run|recording|station|site|"
    r"sample|molecule|molecule_id|experiment)(s|[_\s.-]?(id|nr|no|name|number|identifier))?$"
    r"|identifier$|(?<=[a-z])ID$",
    re.IGNORECASE,
)
TIME_NAMES = re.compile(
    r"^(t|ts|time|date|datetime|timestamp|epoch|datum|uhrzeit|zeit|giorno|fecha|jour)([_\s(\[].*)?$"
    r"|^(time|date)|(time|date|stamp)$",
    re.IGNORECASE,
)
INDEX_NAMES = re.compile(
    r"^(index|idx|row|line|year|month|week|day|hour|minute|second|step|obs|observation|frame|bin|"
    r"epoch|number|nr|no|n|k|occ|occasion|#|unnamed.*)$",
    re.IGNORECASE,
)
STEP_NAMES = re.compile(
    r"(^|[_\s.-])(trial|run|sample|recording|experiment|item|event|stimulus|pos|position)"
    r"(s|[_\s.-]?(id|nr|no|num|name|number|index))?$",
    re.IGNORECASE,
)
"""What may name sequences, or number the steps in each."""
LABEL_NAMES = re.compile(
    r"^(true[_\s-]?)?(label|state|states|class|truth|regime|phase|z|hidden|annotation|stage)s?$"
    r"|^known|_label$",
    re.IGNORECASE,
)
PRICES = re.compile(
    r"^(adj[_\s.]*)?(close|open|high|low|price|volume|vol\.?)(\s*\(.*\))?$", re.IGNORECASE
)
STEM = re.compile(r"^(.*?)[_\s.-]?\d+$")

MAX_SYMBOLS = 20
LIKELY_SYMBOLS = 8
"""Whole numbers from 1 with at most this many different values are likely codes of symbols."""
LIKELY_COUNT = 1000
"""Larger whole numbers are more likely measurements than counts."""
CODES_OF_NOTHING = (-1.0, -9.0, -99.0, -999.0, -9999.0)
"""Whole numbers by which files often say that a value is missing."""
PERHAPS_NOTHING = (9.0, 99.0, 999.0, 9999.0)
"""Whole numbers that may say so too where they stand far above all others; never taken to do so."""
FEW_VALUES = 10
"""Fewer values do not show what a column is: that −1 is none of them, or that words come again."""
ENOUGH_VALUES = 30
"""Fewer values do not show that they vary less than counts do."""
FAR_FROM_0 = 20.0
"""Whole numbers that are all at least this, and whose range is at most twice the smallest, may be
measured."""
MAX_TOGETHER = 8
"""How many columns of numbers are guessed to be observed together."""


@dataclass(frozen=True)
class Guess:
    """What the columns of a file are, by name.

    Attributes:
        values: the columns of values.
        sequence: the column that says which sequence a row belongs to; None for none, or
            BLANK_LINES.
        time: the column of times; None for none.
        label: the column of known states; None for none.
        layout: "long" (an observation per row), "rows" (a sequence per row), "columns" (a sequence
            per column) or "letters" (a sequence per row, a letter per step).
        family: "numbers", "counts" or "symbols"; "product" where several columns are not all
            numbers, and each is of a kind of its own.
        kinds: of each column of values, one of the first three.
    """

    values: tuple[str, ...]
    sequence: str | None
    time: str | None
    label: str | None
    layout: str
    family: str
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.kinds:
            object.__setattr__(self, "kinds", (self.family,) * len(self.values))

    def of_kinds(self, kinds: tuple[str, ...]) -> Guess:
        """The same with a kind for each column of values."""
        return replace(self, kinds=kinds, family=family_of(kinds))


def family_of(kinds: tuple[str, ...]) -> str:
    """The family of columns that are observed together, by the kinds of each."""
    if len(kinds) == 1 or set(kinds) == {"numbers"}:
        return kinds[0]
    return "product"


@dataclass(frozen=True, eq=False)
class Column:
    """A column with what can be said of it by itself.

    Attributes:
        form: how it writes numbers.
        values: (T,) its numbers; NaN where missing, or where a cell is no number.
        wrong: the different cells that are no numbers.
        distinct: how many different cells it has that are not missing.
        unit: whether it is "date" or "clock"; "s" or "ms" since 1970; else "".
        has_name: whether the file names it.
    """

    name: str
    texts: Texts
    shapes: Shapes
    form: Format
    values: FloatArray
    wrong: Texts
    distinct: int
    unit: str
    has_name: bool = True

    @property
    def is_numeric(self) -> bool:
        """Whether it has numbers, and nothing else but missing cells."""
        return not len(self.wrong) and bool(np.isfinite(self.values).any())

    @property
    def is_mostly_numeric(self) -> bool:
        """Whether more than half of its cells that are not missing are numbers."""
        return self.num_wrong < int(np.isfinite(self.values).sum())

    @cached_property
    def is_wrong(self) -> NDArray[np.bool_]:
        """(T,) which cells are no numbers."""
        if not len(self.wrong):
            return np.zeros(len(self.texts), dtype=bool)
        return np.isin(np.arange(len(self.shapes.texts)), self._wrong_numbers)[self.shapes.cells]

    @property
    def num_wrong(self) -> int:
        """How many cells are no numbers."""
        return int(self.is_wrong.sum())

    @property
    def _wrong_numbers(self) -> IntArray:
        wrong = set(self.wrong)
        return np.flatnonzero([text in wrong for text in self.shapes.texts])

    @property
    def known(self) -> FloatArray:
        """Its numbers that are not missing."""
        return self.values[np.isfinite(self.values)]

    @property
    def is_constant(self) -> bool:
        """Whether all its cells that are not missing are the same."""
        return self.distinct <= 1

    @property
    def counts_up(self) -> bool:
        """Whether its numbers go up by one from row to row."""
        return len(self.values) > 2 and bool((np.diff(self.values) == 1.0).all())

    @property
    def counts_up_again(self) -> bool:
        """Whether its numbers go up by one, and now and then begin again with the first."""
        if len(self.values) < FEW_VALUES or not self.is_whole or np.isnan(self.values).any():
            return False
        again = np.flatnonzero(np.diff(self.values) != 1.0) + 1
        up = 0 < len(again) < len(self.values) // 2
        return up and bool((self.values[again] == self.values[0]).all())

    @property
    def ascends(self) -> bool:
        """Whether its numbers never fall, and never repeat."""
        return len(self.values) > 2 and bool((np.diff(self.values) > 0.0).all())

    @property
    def is_whole(self) -> bool:
        """Whether all its numbers are written as whole ones."""
        known = self.known
        whole = bool(len(known)) and bool((known == np.floor(known)).all())
        return whole and not any(self.form.decimal in text for text in self.shapes.examples)


def column(
    name: str,
    texts: Texts,
    shapes: Shapes,
    decimal: str | None,
    separator: str,
    missing: frozenset[str],
    has_name: bool = True,
) -> Column:
    """Look at a column.

    Args:
        decimal: the file's decimal mark, if it is known.
        missing: further texts, in small letters, that stand for a missing value.
    """
    unit = "date" if looks_like_times(shapes) else "clock" if is_clock(shapes) else ""
    form = Format(decimal or ".")
    values, wrong = np.full(len(texts), np.nan), shapes.texts[np.isin(shapes.shapes, shapes.filled)]
    if not unit:
        form = column_format(shapes, decimal, separator)
        values, wrong = numbers(shapes, form, missing)
        if not len(wrong):
            unit = since_1970(values)
    return Column(name, texts, shapes, form, values, wrong, shapes.num_filled, unit, has_name)


def guess(columns: list[Column], blank_lines: bool) -> Guess:
    """What the columns are.

    Args:
        blank_lines: whether blank lines between rows may end sequences.
    """
    if letters := _letters(columns):
        return letters
    if wide := _a_sequence_per_row(columns):
        return wide
    if across := _a_sequence_per_column(columns, _time(columns)):
        return across
    return guess_long(columns, blank_lines)


def guess_long(columns: list[Column], blank_lines: bool) -> Guess:
    """What the columns are, where each row is an observation."""
    time = _time(columns)
    group = _group(columns, time)
    label = _label(columns, group, time)
    taken = {id(c) for c in (group, time, label) if c is not None}
    rest = [c for c in columns if id(c) not in taken]
    values = _values(rest, columns, frozenset(names_of_rows(rest, group)))
    named = group.name if group is not None else BLANK_LINES if blank_lines else None
    kinds = kinds_of(values)
    return Guess(
        tuple(c.name for c in values), named, None if time is None else time.name,
        None if label is None else label.name, "long", family_of(kinds) if kinds else "numbers",
        kinds,
    )  # fmt: skip


def family(column: Column) -> str:
    """The likely family of a column: "numbers", "counts" or "symbols".

    Texts are symbols. Whole numbers from 0 are counts, unless there are few different ones and the
    smallest is 1, such as the faces of a die, or −1 stands among them for what was not seen: these
    are symbols. What says that a value is missing is no value. All else is numbers.
    """
    known = column.known
    if not len(known):
        return "symbols" if 2 <= column.distinct <= MAX_SYMBOLS else "numbers"
    if len(column.wrong) or not column.is_whole:
        return "numbers"
    different = np.unique(known)
    few = 2 <= len(different) <= min(LIKELY_SYMBOLS, len(known) // 2)
    nothing = code_of_nothing(column)
    least = different[0] if nothing is None else different[1]
    if few and least == 1 and different[-1] <= MAX_SYMBOLS:
        return "symbols"
    if few and different[-1] <= MAX_SYMBOLS and nothing == -1.0:
        return "symbols"
    if least < 0 or different[-1] > LIKELY_COUNT or column.counts_up:
        return "numbers"
    return "counts"


def kinds_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """The likely kind of each of some columns that are observed together.

    What is 0 or 1 only says yes or no, unless it stands among counts; a few whole numbers beside
    others are no counts.
    """
    kinds = tuple(family(c) for c in columns)
    if set(kinds) == {"counts"}:
        return kinds

    def beside(c: Column, kind: str) -> str:
        if kind != "counts":
            return kind
        if len(c.known) < FEW_VALUES:
            return "numbers"
        return "symbols" if set(np.unique(c.known)) == {0.0, 1.0} else kind

    return tuple(beside(c, kind) for c, kind in zip(columns, kinds, strict=True))


def code_of_nothing(column: Column) -> float | None:
    """A whole number by which the column seems to say that a value is missing.

    It is the only negative number, beside whole ones from 0; or, like −999, far from all others.
    """
    known = column.known
    if not len(known) or column.unit:
        return None
    low = float(known.min())
    rest = known[known != low]
    if low not in CODES_OF_NOTHING or not len(rest) or len(rest) == len(known) - 1 < 3:
        return None
    if low in (-1.0, -9.0):
        if len(known) < FEW_VALUES:
            return None
        whole = column.is_whole and float(rest.min()) >= 0.0 and len(np.unique(rest)) <= MAX_SYMBOLS
        return low if whole else None
    spread = float(np.ptp(rest))
    return low if float(rest.min()) - low > max(spread, abs(low) / 2.0) else None


def names_of_rows(columns: Sequence[Column], group: Column | None) -> dict[str, str]:
    """Columns that seem to say whose a row is, or which, and so are no values; and why.

    Args:
        group: the column that says which sequence a row belongs to.

    Returns:
        By name: "fixed" for what never changes within a sequence, "blocks" for what stands in
        blocks of equal cells and may name sequences, "steps" for what numbers the rows of each
        sequence.
    """
    found = {}
    for c in columns:
        count, codes = len(c.texts), c.shapes.cells
        if (
            count < FEW_VALUES
            or c.unit
            or c.is_constant
            or 2 * c.distinct >= count
            or _may_index(c)
        ):
            continue
        if group is not None and 2 * group.distinct <= count and _is_fixed(codes, group):
            found[c.name] = "fixed"
        elif (c.is_whole or len(c.wrong)) and _in_blocks(codes):
            found[c.name] = "blocks"
        elif (
            group is not None
            and c.counts_up_again
            and (STEP_NAMES.search(c.name) or _restarts(group.shapes.cells, codes))
        ):
            found[c.name] = "steps"
    return found


def _is_fixed(codes: IntArray, group: Column) -> bool:
    """Whether all rows of a sequence have the same cell."""
    groups = group.shapes.cells
    together = groups * (int(codes.max()) + 1) + codes
    return len(np.unique(together)) == int(groups.max()) + 1


def perhaps_nothing(column: Column) -> float | None:
    """A whole number far above all others that may well say that a value is missing.

    One of 9 or 99 that stands once is likely just a large value.
    """
    known = column.known
    if len(known) < FEW_VALUES or column.unit:
        return None
    high = float(known.max())
    rest = known[(known != high) & (known != code_of_nothing(column))]
    if high not in PERHAPS_NOTHING or not len(rest):
        return None
    gap, most = high - float(rest.max()), max(float(np.ptp(rest)), high / 3.0)
    often = len(known) - len(rest) > 1 or high > 99.0
    return high if gap >= most and often else None


def perhaps_no_counts(column: Column) -> str:
    """What else whole numbers that are read as counts may be: "symbols", "numbers", or "" for none.

    Counts of a hidden Markov model vary at least as much as Poisson counts of the same mean, as
    their mean changes with the state; and few counts are far from 0.
    """
    nothing = code_of_nothing(column)
    known = column.known if nothing is None else column.known[column.known != nothing]
    if len(known) < FEW_VALUES:
        return ""
    steady = len(known) >= ENOUGH_VALUES and float(known.var()) < float(known.mean()) / 2.0
    low = float(known.min())
    if steady and known.max() <= LIKELY_SYMBOLS:
        return "symbols"
    far_from_0 = low >= FAR_FROM_0 and 2.0 * low >= float(np.ptp(known))
    return "numbers" if steady or far_from_0 else ""


# --- layouts --------------------------------------------------------------------------------------


def _letters(columns: list[Column]) -> Guess | None:
    """A string of letters in every row."""
    candidates = [
        c for c in columns
        if not c.unit and len(c.wrong) and not np.isfinite(c.values).any()
        and all(text.isalpha() and text.isupper() for text in c.texts)
        and c.distinct > 1 and min(map(len, c.texts)) >= 2 and max(map(len, c.texts)) >= 4
        and len({letter for text in c.texts[:200] for letter in text}) <= MAX_SYMBOLS
    ]  # fmt: skip
    if not candidates or len(columns) > 3:
        return None
    value = max(candidates, key=lambda c: max(map(len, c.texts)))
    names = [c for c in columns if c is not value and c.distinct == len(c.texts)]
    if len(value.texts) > 20 and value.distinct <= len(value.texts) // 10:
        return None  # words that come again are symbols by themselves
    name = names[0].name if names else None
    return Guess((value.name,), name, None, None, "letters", "symbols")


def _a_sequence_per_row(columns: list[Column]) -> Guess | None:
    """Columns named by position, as event_1, event_2, ..., in few rows."""
    steps = _numbered(columns)
    if len(steps) < 3 or len(steps) <= len(steps[0].texts):
        return None
    others = [c for c in columns if c not in steps]
    name = next((c.name for c in others if c.distinct == len(c.texts)), None)
    texts = np.concatenate([c.texts for c in steps])
    shapes = Shapes.of(texts)
    joined = Column(
        "", texts, shapes, steps[0].form, np.concatenate([c.values for c in steps]),
        np.concatenate([c.wrong for c in steps]), shapes.num_filled, "",
    )  # fmt: skip
    kind = family(joined)
    different = np.unique(joined.known)
    if (
        kind == "counts"
        and len(different) <= MAX_SYMBOLS
        and different[0] >= 1
        and (different[-1] == len(different))
    ):
        kind = "symbols"
    return Guess(tuple(c.name for c in steps), name, None, None, "rows", kind)


def _a_sequence_per_column(columns: list[Column], time: Column | None) -> Guess | None:
    """Numbered columns of which some end earlier than others."""
    across = _numbered([c for c in columns if c is not time])
    if len(across) < 2 or len(across) < len(columns) - 2 or not all(c.is_numeric for c in across):
        return None
    lasts = [int(np.flatnonzero(np.isfinite(c.values))[-1]) for c in across]
    ragged = len(set(lasts)) > 1 and all(
        not (c.texts[last + 1 :] != "").any() for c, last in zip(across, lasts, strict=True)
    )
    if not ragged:
        return None
    return Guess(
        tuple(c.name for c in across), None, None if time is None else time.name, None, "columns",
        family(across[0]),
    )  # fmt: skip


def _numbered(columns: list[Column]) -> list[Column]:
    """Columns whose names are the same but for a number at the end; the largest such set."""
    by_stem: dict[str, list[Column]] = {}
    for c in columns:
        if match := STEM.match(c.name):
            by_stem.setdefault(match.group(1), []).append(c)
    by_stem.pop("column", None)
    return max(by_stem.values(), key=len, default=[])


# --- roles ----------------------------------------------------------------------------------------


def _time(columns: list[Column]) -> Column | None:
    dates = [c for c in columns if c.unit == "date"]
    if dates:
        return dates[0]
    since = [c for c in columns if c.unit in ("s", "ms") and TIME_NAMES.search(c.name)]
    if since:
        return since[0]
    for c in columns:
        if TIME_NAMES.search(c.name) and c.is_numeric and not c.is_constant and len(columns) > 1:
            return c
    first = columns[0]
    if len(columns) > 1 and first.is_numeric and not first.is_whole and first.ascends:
        steps = np.diff(first.values)
        if np.ptp(steps) <= 1e-3 * abs(float(steps.mean())) + 2e-6:
            return first
    return None


def _group(columns: list[Column], time: Column | None) -> Column | None:
    """The column that says which sequence a row belongs to."""
    count = len(columns[0].texts)
    candidates = [
        c for c in columns
        if c is not time and c.distinct < count and not c.unit and not c.counts_up
        and (c.distinct > 1 or (c.distinct == 1 and "" in c.texts))
        and ((c.texts != "").all() or GROUP_NAMES.search(c.name))
    ]  # fmt: skip
    # Names such as “trial” may number the steps of what another column names.
    blocks = [c for c in candidates if not _may_index(c) and _in_blocks(c.shapes.cells)]
    steps = [c for c in candidates if any(_numbers_steps(c, other) for other in blocks)]
    candidates = [c for c in candidates if c not in steps]
    named = [c for c in candidates if GROUP_NAMES.search(c.name)]
    clocks = [c for c in columns if c is time or _may_index(c)]
    for c in [*named, *(c for c in candidates if c not in named)]:
        codes = c.shapes.cells
        by_content = any(
            _restarts(codes, other.shapes.cells) for other in clocks if other is not c
        ) or (c in blocks and any(_numbers_steps(other, c) for other in steps))
        if by_content and (c in named or len(c.wrong) or _in_blocks(codes)):
            if c in named or 2 * c.distinct <= count:
                return c
        elif c in named and (len(c.wrong) == c.distinct or c.is_whole):
            return c
    # A name for every row: each may be a sequence of its own.
    for c in columns:
        own = c.distinct == count > 2 and GROUP_NAMES.search(c.name) and len(columns) > 1
        if (
            own
            and not np.isfinite(c.values).any()
            and all(re.fullmatch(r"[A-Za-z]+[_-]?\d+", text) for text in c.texts[:200])
        ):
            return c
    return None


def _may_index(c: Column) -> bool:
    return c.is_whole and bool(INDEX_NAMES.match(c.name))


def _restarts(codes: IntArray, times: IntArray) -> bool:
    """Whether the same times come for several groups, and each once in a group."""
    distinct = int(times.max()) + 1
    if distinct == len(times):
        return False
    together = codes * distinct + times
    return len(np.unique(together)) == len(together)


def _numbers_steps(c: Column, other: Column) -> bool:
    """Whether a column counts up, and begins again where the cell of another changes."""
    if c is other or not STEP_NAMES.search(c.name) or not c.counts_up_again:
        return False
    begins = np.flatnonzero(np.diff(other.shapes.cells)) + 1
    return bool((c.values[begins] == c.values[0]).all())


def _in_blocks(codes: IntArray) -> bool:
    """Whether the rows of each group stand together."""
    return int((np.diff(codes) != 0).sum()) + 1 == int(codes.max()) + 1


def _label(columns: list[Column], group: Column | None, time: Column | None) -> Column | None:
    rest = [c for c in columns if c is not group and c is not time]
    names = names_of_rows(rest, group)
    others = [c for c in rest if c.is_numeric and not c.is_constant and c.name not in names]
    for c in rest:
        few = 2 <= c.distinct <= MAX_SYMBOLS and c.distinct < len(c.texts)
        whole = c.is_numeric and c.is_whole
        if (
            few
            and LABEL_NAMES.search(c.name)
            and (len(c.wrong) == c.distinct or whole)
            and (any(other is not c for other in others))
        ):
            return c
    return None


def _values(columns: list[Column], everything: list[Column], names: frozenset[str]) -> list[Column]:
    """The columns of values.

    Several numbers or several counts whose names say that they belong together, columns of
    different kinds where the file holds nothing else, or one.

    Args:
        names: columns that seem to name rows or sequences; taken where there is nothing else.
    """
    named = any(c.has_name for c in everything)
    usable = [
        c for c in columns
        if c.is_mostly_numeric and not c.is_constant and not c.unit
        and not _may_index(c)
        and not (named and not c.has_name)
        and not (len(everything) > 1 and (c.counts_up or _is_row_number(c)))
    ]  # fmt: skip
    others = [c for c in usable if c.name not in names]
    words = [
        c for c in columns
        if c.name not in names and not c.is_mostly_numeric and family(c) == "symbols"
        and _comes_again(c)
    ]  # fmt: skip
    if usable and not others and words:
        return words[:1]
    usable = others or usable
    if not usable:
        numeric = [c for c in columns if c.is_mostly_numeric and not c.unit]
        symbols = [c for c in columns if family(c) == "symbols" and not c.is_mostly_numeric]
        named_well = [
            c
            for c in numeric
            if not INDEX_NAMES.match(c.name)
            and not (symbols and c.is_constant and GROUP_NAMES.search(c.name))
        ]
        # A column that mostly has numbers is better than none: an error then names the cell.
        if named_well:
            return named_well[-1:]
        return (words or symbols or numeric[-1:] or columns or everything)[:1]
    # Of prices and volumes, what changes from day to day says more than where it stands.
    usable = [c for c in usable if not PRICES.match(c.name)] or usable
    kinds = {family(c) for c in usable}
    alike = len(kinds) == 1 and kinds != {"symbols"}
    if alike and 2 <= len(usable) <= MAX_TOGETHER and _share_a_word(usable):
        return usable
    rest = [c for c in columns if c in usable or c.name not in names]
    return _of_different_kinds(rest, usable) or usable[:1]


def _of_different_kinds(columns: list[Column], usable: list[Column]) -> list[Column]:
    """All columns but those that tell the order, if they are values of different kinds; or none.

    One that is left over shows that a file holds more than what is observed together.
    """
    rest = [c for c in columns if not (c.is_constant or c.counts_up or _may_index(c))]
    values = [
        c
        for c in rest
        if (c in usable and c.is_numeric and len(c.texts) >= FEW_VALUES)
        or (family(c) == "symbols" and _comes_again(c))
    ]
    kinds = {family(c) for c in values}
    told = values == rest and not any(
        GROUP_NAMES.search(c.name) or PRICES.match(c.name) for c in values
    )
    return values if told and len(kinds) > 1 and len(values) <= MAX_TOGETHER else []


def _comes_again(c: Column) -> bool:
    """Whether its words are kinds that rows share, and no notes or names of rows."""
    count = len(c.texts)
    return not c.unit and count >= FEW_VALUES and 2 * c.distinct <= count


def _share_a_word(columns: list[Column]) -> bool:
    """Whether all names have the same last word, as acc_mag and gyro_mag, or are numbered alike."""
    words = {re.split(r"[_\s.-]", c.name)[-1] for c in columns if re.search(r"[_\s.-]", c.name)}
    alike = len(words) == 1 and all(re.search(r"[_\s.-]", c.name) for c in columns)
    return alike or len(_numbered(columns)) == len(columns)


def _is_row_number(c: Column) -> bool:
    return c.is_whole and c.ascends and c.distinct == len(c.texts) and not c.has_name
