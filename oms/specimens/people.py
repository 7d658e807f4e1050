"""Synthetic people for demonstrations and tests, the same for the same seed.

None of them lives: names are put together by chance, ID numbers begin with a province code that was never given
out. Knows the catalogue of units, but no database.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from oms.catalogue import DemoUnit
from oms.specimens.names import (
    FAMILY_NAMES,
    GIVEN_NAMES,
    HIGHLAND_FAMILIES,
    HIGHLAND_NAMES,
    HIGHLAND_TOWNS,
    HOME_TOWNS,
    MIDDLE_NAMES,
    OTHER_PEOPLES,
    ROYAL_NAMES,
    STREETS,
    WARDS,
)

FAKE_ID_PREFIX = "999"
"""The first three digits of a real ID number are a province code between 001 and 096; 999 belongs to nobody."""

LAST_DAY = date(2026, 10, 30)
"""No paper and no event is younger than this, so that a demonstration never looks into the future."""

HIGHLAND_SHARE = 0.14
OTHER_PEOPLES_SHARE = 0.05
MEMBER_SHARE = 0.8
LEADER_SHARE = 0.12
CADRE_SHARE_OF_LEADERS = 0.7


@dataclass(frozen=True)
class UnitSeat:
    """A unit that people are made for; `weight` is its share, usually its count of members.

    `upper_name`, `upper_symbol`: the committee directly above, on papers since `upper_since` (None: always); older
    papers were headed by the Bloc. No paper is younger than `last_day`.
    """

    code: str
    weight: int = 1
    host: str = "Sở Nội vụ"
    org_type: str = "state_agency"
    party_name: str = "Chi bộ cơ sở Sở Nội vụ"
    symbol: str = "CB"
    upper_name: str = "Đảng ủy Khối các cơ quan tỉnh"
    upper_symbol: str = "ĐUK"
    upper_since: date | None = None
    last_day: date = LAST_DAY


@dataclass(frozen=True)
class SalaryGrade:
    """A pay grade (ngạch, hạng) with its code, steps and coefficients; `years` between two steps."""

    title: str
    code: str
    first: float
    rise: float
    steps: int
    years: int

    def coefficient(self, step: int) -> str:
        """The coefficient of a step as papers write it, with a decimal comma."""
        return f"{self.first + self.rise * (step - 1):.2f}".replace(".", ",")


@dataclass(frozen=True)
class SyntheticPerson:
    """One invented person; dates with a `birth_precision` of month or year hold 1 for what is not known.

    `categories` are the ids of the dossiers the person has, the main one first. `home_town` and `residence` are
    written as on the papers of their time.
    """

    number: int
    full_name: str
    other_name: str | None
    gender: str
    birth_date: date
    birth_precision: str
    personal_id: str
    staff_code: str
    ethnicity: str
    religion: str
    birth_place: str
    home_town: str
    residence: str
    seat: UnitSeat
    categories: tuple[str, ...]
    position: str
    grade: SalaryGrade
    step: int
    recruited_on: date
    training: str
    party_join_date: date | None
    party_official_date: date | None

    @property
    def unit(self) -> str:
        """The code of the unit the person belongs to."""
        return self.seat.code

    @property
    def host(self) -> str:
        """The body the person works in."""
        return self.seat.host

    @property
    def last_day(self) -> date:
        """No paper about the person is younger."""
        return self.seat.last_day

    def step_on(self, day: date) -> int:
        """The pay step on a day, one up after each full term."""
        return max(1, min(self.step, 1 + (day.year - self.recruited_on.year) // self.grade.years))

    @property
    def birth_text(self) -> str:
        """The birth date in figures as far as it is known: 05/3/1979, 3/1979 or 1979."""
        if self.birth_precision == "year":
            return str(self.birth_date.year)
        if self.birth_precision == "month":
            return f"{self.birth_date.month}/{self.birth_date.year}"
        return f"{self.birth_date.day:02}/{self.birth_date.month:02}/{self.birth_date.year}"

    @property
    def address(self) -> str:
        """Ông or bà, as official papers address people."""
        return "ông" if self.gender == "male" else "bà"


SPECIALIST = SalaryGrade("Chuyên viên", "01.003", 2.34, 0.33, 9, 3)
SENIOR_SPECIALIST = SalaryGrade("Chuyên viên chính", "01.002", 4.40, 0.34, 8, 3)
CLERK = SalaryGrade("Cán sự", "01.004", 2.10, 0.31, 10, 3)
LECTURER = SalaryGrade("Giảng viên (hạng III)", "V.07.01.03", 2.34, 0.33, 9, 3)
DOCTOR = SalaryGrade("Bác sĩ (hạng III)", "V.08.01.03", 2.34, 0.33, 9, 3)
NURSE = SalaryGrade("Điều dưỡng hạng IV", "V.08.05.13", 1.86, 0.20, 12, 2)
REPORTER = SalaryGrade("Phóng viên hạng III", "V.11.02.06", 2.34, 0.33, 9, 3)
ENGINEER = SalaryGrade("Kỹ sư (hạng III)", "V.05.02.07", 2.34, 0.33, 9, 3)
DRIVER = SalaryGrade("Nhân viên lái xe", "01.010", 2.05, 0.18, 12, 2)

TRAINING = (
    *("Cử nhân Luật", "Cử nhân Hành chính công", "Cử nhân Kế toán", "Kỹ sư Nông học", "Kỹ sư Xây dựng"),
    *("Cử nhân Quản trị kinh doanh", "Thạc sĩ Quản lý công", "Thạc sĩ Kinh tế", "Cử nhân Công nghệ thông tin"),
)


def seats_of(units: Iterable[DemoUnit]) -> list[UnitSeat]:
    """The grassroots organisations of a state of the organisation as seats, weighted by their members.

    The state is taken as the present: what the file lets end later goes on.
    """
    present = {unit.id: unit for unit in units}
    seats = []
    for unit in present.values():
        if unit.org_type is None:
            continue
        seat = UnitSeat(unit.id, unit.members or 1, unit.host or unit.name, unit.org_type, unit.name, unit.symbol)
        above = present.get(unit.parent or "")
        if above is not None:
            spoken = above.name.replace("Đảng bộ", "Đảng ủy").removesuffix(" Lâm Đồng")
            seat = replace(seat, upper_name=spoken, upper_symbol=above.symbol, upper_since=above.valid_from)
        seats.append(seat)
    return seats


def make_people(count: int, seed: int, units: Sequence[UnitSeat | tuple[str, int]]) -> list[SyntheticPerson]:
    """Invent `count` people spread over the units by weight, at least one per unit when there are enough.

    Same arguments, same people. ID numbers and staff codes are unique within one call.
    """
    seats = [unit if isinstance(unit, UnitSeat) else UnitSeat(unit[0], unit[1]) for unit in units]
    people: list[SyntheticPerson] = []
    for row, (seat, share) in enumerate(zip(seats, _shares(count, [seat.weight for seat in seats]), strict=True)):
        for place in range(share):
            # an own stream for each, so one more person in a unit changes nobody else's name and life
            source = random.Random(f"{seed}/{seat.code}/{place}")
            people.append(_make_person(source, seat, len(people) + 1, f"LD{row + 1:03}.{place + 1:04}"))
    return people


def _shares(count: int, weights: Sequence[int]) -> list[int]:
    """Divide `count` by weight with the largest remainders, one for each first as far as it goes."""
    first = 1 if count >= len(weights) else 0
    rest, total = count - first * len(weights), sum(weights) or 1
    exact = [rest * weight / total for weight in weights]
    shares = [int(part) for part in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: (shares[index] - exact[index], index))
    for index in by_remainder[: rest - sum(shares)]:
        shares[index] += 1
    return [first + share for share in shares]


def _make_person(source: random.Random, seat: UnitSeat, number: int, staff_code: str) -> SyntheticPerson:
    gender = source.choice(("male", "female"))
    ethnicity, full_name = _name(source, gender)
    birth_date = date(1966, 1, 1) + timedelta(days=source.randrange(365 * 34))
    precision = source.choices(("day", "month", "year"), (94, 2, 4))[0]
    if precision != "day":
        birth_date = birth_date.replace(day=1)
    if precision == "year":
        birth_date = birth_date.replace(month=1)
    recruited_on = _weekday(
        date(birth_date.year + source.randint(23, 27), source.randint(1, 12), source.randint(1, 28))
    )
    recruited_on = min(recruited_on, _weekday(seat.last_day - timedelta(days=420)))
    categories, position, grade = _post(source, seat)
    step = min(grade.steps, 1 + max(0, seat.last_day.year - recruited_on.year) // grade.years)
    joined, official = _party_dates(source, recruited_on, seat.last_day if "party_member" in categories else None)
    home = source.choice(HIGHLAND_TOWNS.get(ethnicity, HOME_TOWNS))
    other = full_name.replace("'", "’") if "'" in full_name else None
    if other is None and source.random() < 0.05:
        other = f"{source.choice(('Ba', 'Tư', 'Năm', 'Út'))} {full_name.split()[-1]}"
    return SyntheticPerson(
        number=number,
        full_name=full_name,
        other_name=other,
        gender=gender,
        birth_date=birth_date,
        birth_precision=precision,
        personal_id=_personal_id(source, gender, birth_date.year, number),
        staff_code=staff_code,
        ethnicity=ethnicity,
        religion=source.choices(("Không", "Phật giáo", "Công giáo", "Tin lành"), (80, 9, 8, 3))[0],
        birth_place=", ".join(home if source.random() < 0.6 else source.choice(HOME_TOWNS)),
        home_town=", ".join(home),
        residence=f"{source.randint(2, 180)} {source.choice(STREETS)}, {source.choice(WARDS)}, thành phố Đà Lạt",
        seat=seat,
        categories=categories,
        position=position,
        grade=grade,
        step=step,
        recruited_on=recruited_on,
        training=source.choice(TRAINING),
        party_join_date=joined,
        party_official_date=official,
    )


def _name(source: random.Random, gender: str) -> tuple[str, str]:
    chance = source.random()
    if chance < HIGHLAND_SHARE:
        people = source.choices(tuple(HIGHLAND_NAMES), (5, 3, 2, 2))[0]
        marks, names = HIGHLAND_NAMES[people][gender]
        mark = source.choices(marks, (8, 3, 1)[: len(marks)])[0]
        clan = source.choice(HIGHLAND_FAMILIES[people])
        return people, f"{clan}{mark}{source.choice(names)}"
    people = source.choice(OTHER_PEOPLES) if chance < HIGHLAND_SHARE + OTHER_PEOPLES_SHARE else "Kinh"
    families = [family for family, _ in FAMILY_NAMES]
    family = source.choices(families, [weight for _, weight in FAMILY_NAMES])[0]
    if people == "Kinh" and source.random() < 0.03:
        family = source.choice(ROYAL_NAMES[gender])
    middle, given = source.choice(MIDDLE_NAMES[gender]), source.choice(GIVEN_NAMES[gender])
    if middle.split()[-1:] == [given]:
        middle = ""
    return people, " ".join(part for part in (family, middle, given) if part)


def _personal_id(source: random.Random, gender: str, year: int, number: int) -> str:
    """12 digits: reserved prefix, digit of gender and century, two digits of the year, a serial number."""
    century = (0 if year < 2000 else 2) + (0 if gender == "male" else 1)
    return f"{FAKE_ID_PREFIX}{century}{year % 100:02}{number % 100000:05}{source.randrange(10)}"


def _post(source: random.Random, seat: UnitSeat) -> tuple[tuple[str, ...], str, SalaryGrade]:
    """Dossiers, position and pay grade by the kind of body the person works in."""
    leader = source.random() < LEADER_SHARE
    if seat.org_type in ("public_service_unit", "press_agency"):
        main, (position, grade) = "public_employee", source.choice(_service_posts(seat))
        position = "Trưởng khoa, phòng" if leader else position
    elif seat.org_type in ("state_enterprise", "association"):
        main, grade = "contract_worker", source.choice((SPECIALIST, ENGINEER, CLERK))
        position = "Trưởng phòng" if leader else source.choice(("Nhân viên", "Kế toán viên", "Chuyên viên"))
    elif source.random() < 0.1:
        main, position, grade = "contract_worker", source.choice(("Nhân viên lái xe", "Nhân viên phục vụ")), DRIVER
        leader = False
    else:
        main, grade = "civil_servant", source.choice((SPECIALIST, SPECIALIST, SENIOR_SPECIALIST, CLERK))
        position = source.choice(("Trưởng phòng", "Phó Trưởng phòng")) if leader else grade.title
    categories = [main]
    if source.random() < MEMBER_SHARE:
        categories.append("party_member")
    if leader and (seat.org_type == "party_mass_org" or source.random() < CADRE_SHARE_OF_LEADERS):
        categories.insert(1, "cadre")
    return tuple(categories), position, grade


def _service_posts(seat: UnitSeat) -> tuple[tuple[str, SalaryGrade], ...]:
    name = seat.host.lower()
    if "bệnh viện" in name or "bệnh tật" in name:
        return ("Bác sĩ", DOCTOR), ("Điều dưỡng viên", NURSE), ("Chuyên viên", SPECIALIST)
    if "trường" in name:
        return ("Giảng viên", LECTURER), ("Giảng viên", LECTURER), ("Chuyên viên", SPECIALIST)
    if seat.org_type == "press_agency":
        return ("Phóng viên", REPORTER), ("Biên tập viên", REPORTER), ("Kỹ thuật viên", ENGINEER)
    return ("Kỹ sư", ENGINEER), ("Chuyên viên", SPECIALIST)


def _party_dates(source: random.Random, recruited_on: date, last: date | None) -> tuple[date | None, date | None]:
    """Admission some years after recruitment, official twelve months later, for a few still to come; None: no member."""
    if last is None:
        return None, None
    joined = min(
        recruited_on + timedelta(days=source.randint(200, 2600)), last - timedelta(days=source.randint(40, 300))
    )
    official = joined.replace(year=joined.year + 1, day=min(joined.day, 28))
    return joined, official if official <= last - timedelta(days=30) else None


def _weekday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
