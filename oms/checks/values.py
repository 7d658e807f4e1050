"""Values that ought to agree and do not, and dates that do not follow each other as they should."""

from collections.abc import Iterator

from oms import catalogue
from oms.catalogue import OrderRule
from oms.checks.found import Found, label_of, one_per_text, place_of, shown_place
from oms.checks.strangers import contradict, find_strangers
from oms.errors import N_
from oms.models import Category, Document, FindingKind, Precision
from oms.organisation import today
from oms.record.facts import Fact, Facts
from oms.record.values import same_text
from oms.vietnamese.dates import Precision as WrittenPrecision
from oms.vietnamese.dates import WrittenDate, format_date
from oms.vietnamese.spans import month_of, months_of

NAMES = N_("The name is written as %(one)s and as %(other)s.")
BIRTHS = N_("The birth date is written as %(one)s and as %(other)s.")
VALUES = N_("“%(what)s” is written as %(one)s and as %(other)s.")
ORDER = N_("“%(later)s” (%(then)s) lies before “%(earlier)s” (%(first)s).")
AGE = N_("On the day of “%(later)s” (%(then)s) the person was not yet %(years)s years old (born %(first)s).")
PROBATION = N_("From “%(earlier)s” (%(first)s) to “%(later)s” (%(then)s) less than %(months)s months went by.")
BEFORE_BIRTH = N_("“%(title)s” is dated %(day)s; the person was born on %(born)s.")
IN_FUTURE = N_("“%(title)s” is dated %(day)s, a day that has not come yet.")


def find_strange_pages(facts: Facts) -> Iterator[Found]:
    """Filed pages that seem to be about somebody else. A page that names the person but gives another birth date is
    found by `find_births`, one with another name and the same birth date is a question of names."""
    for stranger in find_strangers(facts.dossier.person, facts.pages):
        if stranger.same_birth:
            yield Found(
                FindingKind.NAME,
                NAMES,
                (place_of(stranger.fact), place_of(stranger.known)),
                {"one": stranger.fact.text, "other": stranger.known.text},
                "full_name",
            )
        elif not stranger.own_name:
            yield stranger.as_found()


def own_values(facts: Facts) -> Facts:
    """The facts without those of pages that seem to be about somebody else: they are no contradiction of this person."""
    away = {other.page.id for other in find_strangers(facts.dossier.person, facts.pages) if not other.own_name}
    values = tuple(fact for fact in facts.values if fact.page_id not in away)
    rows = tuple(row for row in facts.rows if row.page_id not in away)
    return Facts(facts.dossier, values, rows, facts.pages, facts.documents)


def find_names(facts: Facts) -> Iterator[Found]:
    """Names a person keyed that differ; what the machine read is compared with letters misread in mind."""
    keyed = [fact for fact in facts.of("full_name") if fact.rank > 0]
    known = keyed[0] if keyed else None
    for fact in one_per_text(keyed):
        if known and same_text(fact.text) != same_text(known.text):
            details = {"one": fact.text, "other": known.text}
            yield Found(FindingKind.NAME, NAMES, (place_of(fact), place_of(known)), details, "full_name")


def find_births(facts: Facts) -> Iterator[Found]:
    """Birth dates that contradict each other, each held against the one that stands by law or weighs most."""
    dates = [fact for fact in facts.of("birth_date") if fact.date is not None]
    rule = catalogue.birth_rule(today(), member=is_member(facts))
    by_law = _by_law(facts, rule.papers if rule else ())
    reference = by_law or (dates[0] if dates else None)
    if reference is None:
        return
    law = {"rule": rule.id if rule else "", "holds": reference.text if by_law else ""}
    for fact in one_per_text(dates):
        if _differ(fact, reference):
            details = {"one": fact.text, "other": reference.text, **law}
            places = (shown_place(fact, dates), shown_place(reference, dates))
            yield Found(FindingKind.BIRTH, BIRTHS, places, details, "birth_date")


def is_member(facts: Facts) -> bool:
    """Whether the person is a member of the Party as far as the house knows."""
    return facts.dossier.category == Category.PARTY_MEMBER or facts.holding("party_join_date") is not None


def _by_law(facts: Facts, papers: tuple[str, ...]) -> Fact | None:
    """The birth date on the paper whose date stands, the first paper that gives one."""
    dates = [fact for fact in facts.of("birth_date") if fact.date is not None and fact.component_id in papers]
    return min(dates, key=lambda fact: papers.index(str(fact.component_id)), default=None)


def _differ(one: Fact, other: Fact) -> bool:
    days = one.date, other.date
    return days[0] is not None and days[1] is not None and contradict(days[0], days[1])


def find_values(facts: Facts) -> Iterator[Found]:
    """Other values of the catalogue that must agree and do not."""
    for compared in catalogue.check_rules().compared:
        said = facts.of(compared.key)
        found = one_per_text(said)
        for fact in found[1:]:
            reference = found[0]
            differs = _differ(fact, reference) if compared.kind == "date" else _other_number(fact, reference)
            if differs:
                details = {"what": label_of(compared.key), "one": fact.text, "other": reference.text}
                places = (shown_place(fact, said), shown_place(reference, said))
                yield Found(FindingKind.VALUE, VALUES, places, details, compared.key)


def _other_number(one: Fact, other: Fact) -> bool:
    """Numbers of different length are of different times: 9 figures of old, 12 of now."""
    digits = ["".join(sign for sign in fact.text if sign.isdigit()) for fact in (one, other)]
    return len(digits[0]) == len(digits[1]) and digits[0] != digits[1]


def find_orders(facts: Facts) -> Iterator[Found]:
    """Dates that do not follow each other: official before admission, admission before the 18th birthday …"""
    for rule in catalogue.check_rules().orders:
        earlier, later = facts.holding(rule.earlier), facts.holding(rule.later)
        if earlier is None or later is None or earlier.date is None or later.date is None:
            continue
        if not rule.in_force(later.date.first):
            continue
        if (found := _held_against(rule, earlier.date, later.date)) is not None:
            kind, message = found
            yield Found(kind, message, (place_of(earlier), place_of(later)), _details(rule, earlier, later), rule.later)


def _held_against(rule: OrderRule, earlier: WrittenDate, later: WrittenDate) -> tuple[FindingKind, str] | None:
    """What is surely wrong: only what no reading of the missing day or month could put right."""
    if is_surely_before(later, earlier):
        return FindingKind.ORDER, ORDER
    if rule.kind == "order" or not _surely_too_soon(earlier, later, rule.months_at_least):
        return None
    return (FindingKind.AGE, AGE) if rule.kind == "age" else (FindingKind.PROBATION, PROBATION)


def is_surely_before(one: WrittenDate, other: WrittenDate) -> bool:
    """Whether every day `one` can mean lies before every day `other` can mean."""
    if WrittenPrecision.DAY == one.precision == other.precision:
        return one.first < other.first
    return months_of(one)[1] < months_of(other)[0]


def _surely_too_soon(earlier: WrittenDate, later: WrittenDate, months: int) -> bool:
    if WrittenPrecision.DAY == earlier.precision == later.precision:
        passed = month_of(later.first) - month_of(earlier.first) - (later.first.day < earlier.first.day)
        return passed < months
    return months_of(later)[1] - months_of(earlier)[0] < months


def _details(rule: OrderRule, earlier: Fact, later: Fact) -> dict[str, str | int]:
    return {
        "earlier": label_of(rule.earlier),
        "later": label_of(rule.later),
        "first": earlier.text,
        "then": later.text,
        "years": rule.months_at_least // 12,
        "months": rule.months_at_least,
        "basis": rule.basis,
    }


def find_document_dates(facts: Facts) -> Iterator[Found]:
    """Documents dated before the person was born, or in the future."""
    born = facts.holding("birth_date")
    first_pages = {page.document_id: page.id for page in reversed(facts.pages)}
    for document in facts.documents:
        day = _issued(document)
        if day is None:
            continue
        details: dict[str, str | int] = {"title": document.title, "day": format_date(day)}
        place = place_of(Fact("issued_on", format_date(day), first_pages.get(document.id)))
        if day.first > today():
            yield Found(FindingKind.DOCUMENT_DATE, IN_FUTURE, (place,), details)
        elif born and born.date and is_surely_before(day, born.date):
            details["born"] = born.text
            yield Found(FindingKind.DOCUMENT_DATE, BEFORE_BIRTH, (place, place_of(born)), details)


def _issued(document: Document) -> WrittenDate | None:
    if document.issued_on is None:
        return None
    return WrittenDate(document.issued_on, WrittenPrecision((document.issued_precision or Precision.DAY).value))
