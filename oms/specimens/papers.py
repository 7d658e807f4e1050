"""Draws the papers of an invented person: state decisions, Party decisions, resolutions and letters.

A CV, an assessment and a certificate are in `forms`. Every fact on a paper is the person's own.
"""

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from oms.specimens import wording
from oms.specimens.bodies import Body, grassroots_body, state_body, upper_committee
from oms.specimens.layout import (
    Paper,
    close_paper,
    head_party_paper,
    head_state_paper,
    in_figures,
    press_register_stamp,
)
from oms.specimens.people import SyntheticPerson
from oms.specimens.sheet import Run, Sheet

STAFF_WORD = {"civil_servant": "công chức", "public_employee": "viên chức", "contract_worker": "người lao động"}


def facts(person: SyntheticPerson, source: random.Random, day: date) -> dict[str, object]:
    """What the sentences of `wording` may name, for a paper of this day."""
    grade = person.grade
    step = max(2, person.step_on(day))
    before = day - timedelta(days=source.randint(3, 20))
    return {
        "name": person.full_name,
        "address": person.address,
        "Address": person.address.capitalize(),
        "birth": person.birth_text,
        "position": person.position.lower() if person.position[:1].isupper() else person.position,
        "host": person.host,
        "home_town": person.home_town,
        "training": person.training.lower(),
        "ethnicity": person.ethnicity,
        "staff_code": person.staff_code,
        "grade": grade.title.lower(),
        "code": grade.code,
        "first": grade.coefficient(1),
        "step": step,
        "coefficient": grade.coefficient(step),
        "old_step": step - 1,
        "old_coefficient": grade.coefficient(step - 1),
        "from_day": in_figures(day.replace(day=1)),
        "before": in_figures(before),
        "post": source.choice(("Trưởng phòng", "Phó Trưởng phòng", "Phó Chánh Văn phòng")),
        "allowance": source.choice(("0,3", "0,5", "0,4")),
        "department": source.choice(wording.DEPARTMENTS),
        "year": day.year - 1,
        "title": source.choice(("Lao động tiên tiến", "Chiến sĩ thi đua cơ sở")),
        "amount": source.choice(("447.000", "540.000", "1.490.000", "1.800.000")),
        "term": f"{day.year // 5 * 5} - {day.year // 5 * 5 + 5}",
    }


def choose_day(person: SyntheticPerson, source: random.Random) -> date:
    """A working day between recruitment and now."""
    first = person.recruited_on + timedelta(days=400)
    day = first + timedelta(days=source.randrange(max(1, (person.last_day - first).days)))
    day = min(day, person.last_day)
    return day - timedelta(days=max(0, day.weekday() - 4))


def draw_state_decision(
    person: SyntheticPerson,
    source: random.Random,
    day: date,
    abstract: str,
    grounds: Sequence[str],
    articles: Sequence[str],
) -> Paper:
    """A decision of the body the person works in, by NĐ 30/2020/NĐ-CP."""
    body = state_body(person)
    words = {**facts(person, source, day), "body": person.host}
    order = source.randint(3, 980)
    number = f"{order:02}-QĐ/{body.symbol}" if body.party else f"{order:02}/QĐ-{body.symbol}"
    paper = Paper(f"Quyết định {abstract[0].lower()}{abstract[1:]}", number, day)
    sheet = _new_page(paper)
    (head_party_paper if body.party else head_state_paper)(sheet, body, number, day)
    if source.random() < 0.3:
        press_register_stamp(sheet, day + timedelta(days=2), source)
    sheet.line("QUYẾT ĐỊNH", style="bold", points=14, align="center")
    sheet.line(abstract, style="bold", points=14 if len(abstract) < 62 else 12.5, align="center")
    sheet.rule(200)
    sheet.skip(8)
    for line in body.who_decides:
        sheet.line(line, style="bold", points=14 if len(line) < 44 else 12.5, align="center")
    for ground in grounds:
        sheet.paragraph(ground.format(**words), style="italic")
    sheet.skip(8)
    sheet.line("QUYẾT ĐỊNH:", style="bold", points=14, align="center")
    for place, article in enumerate(articles, 1):
        if sheet.room < 130:
            sheet = _new_page(paper)
        sheet.paragraph(_bold_start(f"Điều {place}.", article.format(**words)))
    if sheet.room < 480:
        sheet = _new_page(paper)
    above = "Ban Tổ chức Tỉnh ủy (báo cáo)" if body.party else "Sở Nội vụ (báo cáo)"
    kept = f"Lưu: VT, {source.choice(('TCHC', 'TCCB', 'VP'))}"
    addressees = (f"Như Điều {len(articles)}", above, "Hồ sơ cá nhân", kept)
    close_paper(sheet, addressees, (body.head,), body, source, underline=body.party)
    return paper


def draw_pay_rise(person: SyntheticPerson, source: random.Random) -> Paper:
    """A decision on a regular pay rise."""
    word = STAFF_WORD.get(person.categories[0], "cán bộ")
    day = choose_day(person, source)
    pay = (wording.in_force(wording.PAY_LAW, day), wording.in_force(wording.PAY_RISE_RULE, day))
    return draw_state_decision(
        person,
        source,
        day,
        f"Về việc nâng bậc lương thường xuyên đối với {word}",
        (_ground(person, day), *pay, source.choice(wording.PROPOSALS)),
        (source.choice(wording.PAY_RISE), wording.PAY_FROM, source.choice(wording.EXECUTION)),
    )


def draw_appointment(person: SyntheticPerson, source: random.Random) -> Paper:
    """A decision appointing to a leading post."""
    day = choose_day(person, source)
    return draw_state_decision(
        person,
        source,
        day,
        "Về việc bổ nhiệm chức vụ lãnh đạo cấp phòng",
        (*wording.DUTY_GROUNDS, _ground(person, day), source.choice(wording.PROPOSALS)),
        (source.choice(wording.APPOINTMENT), wording.ALLOWANCE, source.choice(wording.EXECUTION)),
    )


def draw_assignment(person: SyntheticPerson, source: random.Random) -> Paper:
    """A decision sending the person to another department."""
    return draw_state_decision(
        person,
        source,
        choose_day(person, source),
        f"Về việc điều động, phân công {STAFF_WORD.get(person.categories[0], 'cán bộ')}",
        (*wording.DUTY_GROUNDS, source.choice(wording.PROPOSALS)),
        (source.choice(wording.ASSIGNMENT), source.choice(wording.EXECUTION)),
    )


def draw_recruitment(person: SyntheticPerson, source: random.Random) -> Paper:
    """The decision of the first day."""
    pay = wording.in_force(wording.PAY_LAW, person.recruited_on)
    return draw_state_decision(
        person,
        source,
        person.recruited_on,
        f"Về việc tuyển dụng {STAFF_WORD.get(person.categories[0], 'cán bộ')}",
        (wording.DUTY_GROUNDS[0], pay, source.choice(wording.PROPOSALS)),
        (source.choice(wording.RECRUITMENT), wording.FIRST_PAY, source.choice(wording.EXECUTION)),
    )


def draw_reward(person: SyntheticPerson, source: random.Random) -> Paper:
    """A decision on an emulation title."""
    return draw_state_decision(
        person,
        source,
        choose_day(person, source),
        "Về việc tặng danh hiệu thi đua",
        (
            "Căn cứ Luật Thi đua, khen thưởng và các văn bản hướng dẫn thi hành;",
            wording.DUTY_GROUNDS[1],
            "Xét đề nghị của Hội đồng Thi đua - Khen thưởng {body}.",
        ),
        (source.choice(wording.REWARD), wording.REWARD_MONEY, source.choice(wording.EXECUTION)),
    )


def draw_party_decision(
    person: SyntheticPerson, source: random.Random, day: date, abstract: str, articles: Sequence[str]
) -> Paper:
    """A decision of the standing committee above the grassroots."""
    body, own = upper_committee(person, day), grassroots_body(person, day)
    words = _party_facts(person, source, day, body, own)
    number = f"{source.randint(11, 480)}-QĐ/{body.symbol}"
    paper = Paper(f"Quyết định {abstract}", number, day)
    sheet = _new_page(paper)
    head_party_paper(sheet, body, number, day)
    _party_title(sheet, "QUYẾT ĐỊNH", abstract)
    for ground in wording.PARTY_GROUNDS:
        sheet.paragraph(f"- {ground.format(**words)}")
    sheet.skip(8)
    sheet.line("BAN THƯỜNG VỤ QUYẾT ĐỊNH", style="bold", points=14, align="center")
    for place, article in enumerate(articles, 1):
        sheet.paragraph(_bold_start(f"Điều {place}.", article.format(**words)))
    addressees = ("Ban Tổ chức Tỉnh ủy (báo cáo)", f"Như Điều {len(articles)}", "Lưu hồ sơ đảng viên", "Lưu Văn phòng")
    close_paper(sheet, addressees, ("T/M BAN THƯỜNG VỤ", body.head), body, source, underline=True)
    return paper


def draw_admission(person: SyntheticPerson, source: random.Random) -> Paper:
    """The decision admitting to the Party, on the day of the person's admission."""
    day = person.party_join_date or choose_day(person, source)
    articles = (source.choice(wording.ADMISSION), wording.ADMISSION_2, source.choice(wording.PARTY_EXECUTION))
    return draw_party_decision(person, source, day, "kết nạp đảng viên", articles)


def draw_full_membership(person: SyntheticPerson, source: random.Random) -> Paper:
    """The decision recognising full membership, some days after twelve months."""
    official = person.party_official_date or person.last_day
    articles = (source.choice(wording.FULL_MEMBERSHIP), source.choice(wording.PARTY_EXECUTION))
    day = min(official + timedelta(days=source.randint(5, 25)), person.last_day)
    return draw_party_decision(person, source, day, "công nhận đảng viên chính thức", articles)


def draw_party_appointment(person: SyntheticPerson, source: random.Random) -> Paper:
    """A decision on the person's place in a committee."""
    articles = (source.choice(wording.PARTY_APPOINTMENT), source.choice(wording.PARTY_EXECUTION))
    return draw_party_decision(
        person, source, choose_day(person, source), "về việc chuẩn y, chỉ định cấp ủy viên", articles
    )


def draw_admission_resolution(person: SyntheticPerson, source: random.Random) -> Paper:
    """The resolution of the grassroots organisation that proposes the admission."""
    day = (person.party_join_date or choose_day(person, source)) - timedelta(days=source.randint(25, 60))
    body = grassroots_body(person, day)
    words = _party_facts(person, source, day, body, body)
    number = f"{source.randint(2, 60):02}-NQ/{body.symbol}"
    paper = Paper("Nghị quyết đề nghị kết nạp đảng viên", number, day)
    sheet = _new_page(paper)
    head_party_paper(sheet, body, number, day)
    _party_title(sheet, "NGHỊ QUYẾT", "đề nghị kết nạp đảng viên")
    sheet.paragraph(wording.RESOLUTION_OPENING.format(**words))
    sheet.paragraph("Sau khi nghe báo cáo và thảo luận, hội nghị thống nhất kết luận như sau:")
    for place, sentence in enumerate(wording.RESOLUTION_BODY, 1):
        sheet.paragraph(f"{place}. {sentence.format(**words)}")
    sheet.paragraph(wording.RESOLUTION_VOTE.format(**words))
    if sheet.room < 480:
        sheet = _new_page(paper)
    addressees = (f"Ban Tổ chức {upper_committee(person, day).spoken}", "Lưu hồ sơ người vào Đảng")
    close_paper(sheet, addressees, ("T/M CẤP ỦY", body.head), body, source, underline=True)
    return paper


def draw_verification_letter(person: SyntheticPerson, source: random.Random) -> Paper:
    """An official letter asking another committee to verify the CV of an applicant."""
    day = (person.party_join_date or choose_day(person, source)) - timedelta(days=source.randint(90, 200))
    body = grassroots_body(person, day)
    words = _party_facts(person, source, day, body, body)
    number = f"{source.randint(3, 140):02}-CV/{body.symbol}"
    paper = Paper("Công văn đề nghị thẩm tra lý lịch của người vào Đảng", number, day)
    sheet = _new_page(paper)
    head_party_paper(sheet, body, number, day)
    sheet.line("V/v thẩm tra lý lịch người vào Đảng", style="italic", points=12)
    sheet.skip(8)
    place = ", ".join(person.home_town.split(", ")[:2])
    sheet.line(f"Kính gửi: Đảng ủy {place}", points=14, align="center", style="bold")
    sheet.skip(6)
    sheet.paragraph(wording.LETTER_OPENING.format(**words))
    for row, point in enumerate(wording.LETTER_POINTS, 1):
        sheet.paragraph(f"{row}. {point}")
    sheet.paragraph(source.choice(wording.LETTER_CLOSING).format(**words))
    press_register_stamp(sheet, day + timedelta(days=4), source)
    close_paper(
        sheet, ("Như trên", "Lưu hồ sơ người vào Đảng"), ("T/M CẤP ỦY", body.head), body, source, underline=True
    )
    return paper


DRAWERS: dict[str, Callable[[SyntheticPerson, random.Random], Paper]] = {
    "pay_rise": draw_pay_rise,
    "appointment": draw_appointment,
    "assignment": draw_assignment,
    "recruitment": draw_recruitment,
    "reward": draw_reward,
    "admission": draw_admission,
    "full_membership": draw_full_membership,
    "party_appointment": draw_party_appointment,
    "admission_resolution": draw_admission_resolution,
    "verification_letter": draw_verification_letter,
}


def _party_facts(
    person: SyntheticPerson, source: random.Random, day: date, committee: Body, own: Body
) -> dict[str, object]:
    total = source.randint(5, 15)
    joined, official = person.party_join_date, person.party_official_date
    return {
        **facts(person, source, day),
        "committee": committee.spoken,
        "proposer": own.spoken,
        "organisation": person.seat.party_name,
        "joined": in_figures(joined) if joined else "",
        "official": in_figures(official or day),
        "total": total,
        "present": total - source.randint(0, 1),
        "due": in_figures(day + timedelta(days=30)),
    }


def _party_title(sheet: Sheet, kind: str, abstract: str) -> None:
    sheet.line(kind, style="bold", points=16, align="center")
    sheet.line(abstract, style="bold", points=14, align="center")
    sheet.line("-----", points=14, align="center")
    sheet.lines.pop()  # the dashes are drawing, not text
    sheet.skip(6)


def _ground(person: SyntheticPerson, day: date) -> str:
    """The law a decision of this day rests on."""
    return wording.in_force(
        wording.STATE_GROUNDS.get(person.categories[0], wording.STATE_GROUNDS["civil_servant"]), day
    )


def _bold_start(start: str, rest: str) -> list[Run]:
    return [(start, "bold"), (rest, "regular")]


def _new_page(paper: Paper) -> Sheet:
    sheet = Sheet()
    if paper.sheets:
        sheet.line(str(len(paper.sheets) + 1), align="center", points=13)
        sheet.skip(6)
    paper.sheets.append(sheet)
    return sheet
