"""Draws the forms about an invented person: the short CV in the manner of 2C, the yearly review, a certificate."""

import random
from collections.abc import Callable
from datetime import date, timedelta

from oms.specimens import wording
from oms.specimens.bodies import Body, grassroots_body, invent_name, school_body, state_body
from oms.specimens.layout import Paper, head_nation, head_party_paper, in_figures, in_words, sign
from oms.specimens.papers import choose_day
from oms.specimens.people import SyntheticPerson
from oms.specimens.sheet import HEIGHT, WIDTH, Sheet, millimetres

CV_FORMS = {
    "civil_servant": ("Mẫu 2C-BNV/2008", "SƠ YẾU LÝ LỊCH CÁN BỘ, CÔNG CHỨC", "CBCC"),
    "cadre": ("Mẫu 2C/TCTW-98", "SƠ YẾU LÝ LỊCH", "cán bộ"),
    "public_employee": ("Mẫu HS02-VC/BNV", "SƠ YẾU LÝ LỊCH VIÊN CHỨC", "viên chức"),
    "contract_worker": ("", "SƠ YẾU LÝ LỊCH", "người lao động"),
}
"""Form code, title and what people are called on it, by category."""

CV_SINCE = date(2021, 9, 6)
"""CVs of the demonstration are younger than the 12-digit identity card printed on them."""

REVIEW_TITLES = {
    "civil_servant": ("PHIẾU ĐÁNH GIÁ, XẾP LOẠI CHẤT LƯỢNG CÔNG CHỨC", "Mẫu số 02"),
    "public_employee": ("PHIẾU ĐÁNH GIÁ, XẾP LOẠI CHẤT LƯỢNG VIÊN CHỨC", "Mẫu số 03"),
    "cadre": ("PHIẾU ĐÁNH GIÁ, XẾP LOẠI CHẤT LƯỢNG CÁN BỘ", "Mẫu số 01"),
    "contract_worker": ("BẢN TỰ ĐÁNH GIÁ CỦA NGƯỜI LAO ĐỘNG", ""),
    "party_member": ("BẢN KIỂM ĐIỂM CÁ NHÂN", "Mẫu 02-HD"),
}


def draw_short_cv(person: SyntheticPerson, source: random.Random, category: str | None = None) -> Paper:
    """Three pages: numbered items with dotted leaders, tables of training, work, family and pay, attestation."""
    form, title, called = CV_FORMS.get(category or person.categories[0], CV_FORMS["contract_worker"])
    day = choose_day(person, source)
    if day < CV_SINCE <= person.last_day:
        day = CV_SINCE + timedelta(days=source.randrange((person.last_day - CV_SINCE).days + 1))
    paper = Paper(title.capitalize(), None, day)
    paper.sheets = [
        _cv_items(person, source, form, title, called, day),
        _cv_tables(person, source, day),
        _cv_end(person, source, day),
    ]
    return paper


def _cv_items(person: SyntheticPerson, source: random.Random, form: str, title: str, called: str, day: date) -> Sheet:
    sheet = Sheet()
    if form:
        sheet.line(form, style="italic", points=11, align="right")
    sheet.fields((f"Cơ quan, đơn vị có thẩm quyền quản lý {called}:", person.host))
    sheet.fields((f"Cơ quan, đơn vị sử dụng {called}:", person.host))
    sheet.fields((f"Số hiệu {called}:", person.staff_code), shares=(0.5,))
    sheet.skip(8)
    sheet.line(title, style="bold", points=16, align="center", span=(sheet.left + 200, sheet.right))
    top = sheet.y
    sheet.draw.rectangle(
        (sheet.left, top - 40, sheet.left + millimetres(30), top + millimetres(35)), outline=0, width=2
    )
    sheet.y = top + 80
    sheet.line("Ảnh màu", points=11, align="center", span=(sheet.left, sheet.left + millimetres(30)))
    sheet.line("(4 x 6 cm)", points=11, align="center", span=(sheet.left, sheet.left + millimetres(30)))
    left, sheet.left, sheet.y = sheet.left, sheet.left + millimetres(34), top + 20
    sheet.fields(("1) Họ và tên khai sinh (viết chữ in hoa):", person.full_name.upper()))
    sheet.fields(("2) Tên gọi khác:", person.other_name or "Không"))
    birth_day, month, year = _birth_parts(person)
    gender = "Nam" if person.gender == "male" else "Nữ"
    sheet.fields(
        ("3) Sinh ngày:", birth_day),
        ("tháng", month),
        ("năm", year),
        ("Giới tính:", gender),
        shares=(0.28, 0.2, 0.22, 0.3),
    )
    sheet.fields(("4) Nơi sinh:", person.birth_place))
    sheet.left, sheet.y = left, max(sheet.y, top + millimetres(37))
    sheet.fields(("5) Quê quán:", person.home_town))
    sheet.fields(("6) Dân tộc:", person.ethnicity), ("7) Tôn giáo:", person.religion))
    sheet.fields(("8) Nơi đăng ký hộ khẩu thường trú:", person.residence), points=12)
    sheet.line("(Số nhà, đường phố, thành phố; xóm, thôn, xã, huyện, tỉnh)", style="italic", points=10, align="right")
    sheet.fields(("9) Nơi ở hiện nay:", person.residence))
    sheet.fields(("10) Nghề nghiệp khi được tuyển dụng:", source.choice(("Sinh viên", "Không", "Nhân viên hợp đồng"))))
    sheet.fields(("11) Ngày tuyển dụng:", in_figures(person.recruited_on)), shares=(0.5,))
    sheet.fields(("Cơ quan tuyển dụng:", person.host))
    sheet.fields(("12) Chức vụ (chức danh) hiện tại:", person.position))
    sheet.line(
        "(Về chính quyền hoặc Đảng, đoàn thể, kể cả chức vụ kiêm nhiệm)", style="italic", points=10, align="right"
    )
    sheet.fields(("13) Công việc chính được giao:", source.choice(("Tham mưu, tổng hợp", "Chuyên môn, nghiệp vụ"))))
    sheet.fields(("14) Ngạch:", person.grade.title), ("Mã ngạch:", person.grade.code), shares=(0.6, 0.4))
    sheet.fields(
        ("Bậc lương:", f"{person.step_on(day)}/{person.grade.steps}"),
        ("Hệ số:", person.grade.coefficient(person.step_on(day))),
        ("Ngày hưởng:", in_figures(_rise(person, person.step_on(day)))),
        shares=(0.3, 0.3, 0.4),
    )
    sheet.fields(("15.1- Trình độ giáo dục phổ thông:", source.choice(("12/12", "12/12", "10/10"))))
    sheet.fields(("15.2- Trình độ chuyên môn cao nhất:", person.training))
    sheet.fields(
        ("15.3- Lý luận chính trị:", source.choice(("Sơ cấp", "Trung cấp", "Cao cấp"))),
        ("15.4- Quản lý nhà nước:", source.choice(("Chuyên viên", "Cán sự"))),
    )
    sheet.fields(("15.5- Ngoại ngữ:", source.choice(("Tiếng Anh B", "Tiếng Anh B1"))), ("15.6- Tin học:", "Trình độ A"))
    joined, official = person.party_join_date, person.party_official_date
    sheet.fields(
        ("16) Ngày vào Đảng Cộng sản Việt Nam:", in_figures(joined) if joined else ""),
        ("Ngày chính thức:", in_figures(official) if official else ""),
        shares=(0.58, 0.42),
    )
    sheet.fields(("17) Ngày tham gia tổ chức chính trị - xã hội:", f"26/3/{person.birth_date.year + 15}"))
    sheet.fields(("18) Ngày nhập ngũ:", ""), ("Ngày xuất ngũ:", ""), ("Quân hàm:", ""), shares=(0.36, 0.34, 0.3))
    sheet.fields(("19) Danh hiệu được phong tặng cao nhất:", "Không"))
    sheet.fields(("20) Sở trường công tác:", source.choice(("Tổng hợp", "Nghiên cứu, tham mưu", "Chuyên môn"))))
    sheet.fields(("21) Khen thưởng:", source.choice(("Bằng khen UBND tỉnh", "Giấy khen"))), ("22) Kỷ luật:", "Không"))
    sheet.fields(
        ("23) Tình trạng sức khỏe:", "Tốt"),
        ("Chiều cao:", f"1m{source.randint(50, 79)}"),
        ("Cân nặng:", f"{source.randint(44, 78)} kg"),
        ("Nhóm máu:", source.choice("ABO")),
        shares=(0.34, 0.22, 0.23, 0.21),
    )
    sheet.fields(("24) Là thương binh hạng:", ""), ("Là con gia đình chính sách:", "Không"))
    sheet.fields(("25) Số CMND/CCCD:", person.personal_id), ("Ngày cấp:", "15/8/2021"), shares=(0.6, 0.4))
    sheet.fields(("26) Số sổ BHXH:", f"99{source.randint(10**7, 10**8 - 1)}"))
    return sheet


def _birth_parts(person: SyntheticPerson) -> tuple[str, str, str]:
    known = person.birth_precision
    day = f"{person.birth_date.day:02}" if known == "day" else ""
    return day, "" if known == "year" else f"{person.birth_date.month:02}", str(person.birth_date.year)


def _rise(person: SyntheticPerson, step: int) -> date:
    """The first of the month in which the person reached a pay step."""
    return date(person.recruited_on.year + person.grade.years * (step - 1), person.recruited_on.month, 1)


def _cv_tables(person: SyntheticPerson, source: random.Random, day: date) -> Sheet:
    sheet = Sheet()
    start = person.recruited_on
    sheet.line("27) ĐÀO TẠO, BỒI DƯỠNG VỀ CHUYÊN MÔN, NGHIỆP VỤ, LÝ LUẬN CHÍNH TRỊ", style="bold", points=12)
    sheet.skip(4)
    school = source.choice(("Trường Đại học Đà Lạt", "Trường Đại học Kinh tế TP. HCM", "Học viện Hành chính"))
    subject = person.training.split(" ", 2)[-1] if " " in person.training else person.training
    years = f"9/{start.year - 5} - 6/{start.year - 1}"
    sheet.table(
        ("Tên trường", "Chuyên ngành", "Từ tháng, năm - đến tháng, năm", "Hình thức", "Văn bằng"),
        (
            (school, subject, years, "Chính quy", person.training),
            (
                "Trường Chính trị tỉnh Lâm Đồng",
                "Lý luận chính trị",
                f"3/{start.year + 5} - 12/{start.year + 5}",
                "Tập trung",
                "Trung cấp",
            ),
            (
                "Trường Chính trị tỉnh Lâm Đồng",
                "Quản lý nhà nước",
                f"4/{start.year + 3} - 6/{start.year + 3}",
                "Tập trung",
                "Chứng chỉ",
            ),
        ),
        (25, 20, 22, 14, 19),
    )
    sheet.skip(12)
    sheet.line("28) TÓM TẮT QUÁ TRÌNH CÔNG TÁC", style="bold", points=12)
    sheet.skip(4)
    middle = start.year + max(2, (day.year - start.year) // 2)
    sheet.table(
        (
            "Từ tháng, năm đến tháng, năm",
            "Chức danh, chức vụ, đơn vị công tác (đảng, chính quyền, đoàn thể, tổ chức xã hội)",
        ),
        (
            (f"{start:%m/%Y} - {start:%m}/{start.year + 1}", f"Tập sự tại {person.host}"),
            (
                f"{start:%m}/{start.year + 1} - 12/{middle}",
                f"{person.grade.title}, {source.choice(wording.DEPARTMENTS)}, {person.host}",
            ),
            (f"01/{middle + 1} - đến nay", f"{person.position}, {source.choice(wording.DEPARTMENTS)}, {person.host}"),
        ),
        (28, 72),
    )
    sheet.skip(12)
    sheet.line("29) ĐẶC ĐIỂM LỊCH SỬ BẢN THÂN", style="bold", points=12)
    sheet.fields(("- Khai rõ: bị bắt, bị tù, làm việc trong chế độ cũ:", "Không"))
    sheet.fields(("- Tham gia hoặc có quan hệ với tổ chức nước ngoài:", "Không"))
    sheet.fields(("- Có thân nhân ở nước ngoài:", "Không"))
    sheet.skip(12)
    sheet.line("30) QUAN HỆ GIA ĐÌNH", style="bold", points=12)
    sheet.skip(4)
    sheet.table(
        ("Mối quan hệ", "Họ và tên", "Năm sinh", "Quê quán, nghề nghiệp, nơi ở"),
        _family(person, source),
        (16, 26, 11, 47),
    )
    return sheet


def _family(person: SyntheticPerson, source: random.Random) -> list[tuple[str, str, str, str]]:
    year, town = person.birth_date.year, person.home_town.split(", ", 1)[-1]
    father = invent_name(source, "male")
    if person.ethnicity == "Kinh":
        father = f"{person.full_name.split()[0]} {' '.join(father.split()[1:])}"
    partner = "female" if person.gender == "male" else "male"
    child = source.choice(("male", "female"))
    rows = [
        ("Cha đẻ", father, str(year - source.randint(24, 34)), f"Quê quán {town}; làm nông, đã nghỉ"),
        ("Mẹ đẻ", invent_name(source, "female"), str(year - source.randint(22, 31)), f"Quê quán {town}; nội trợ"),
        (
            "Em ruột",
            f"{father.split()[0]} {invent_name(source, None).split(' ', 1)[1]}",
            str(year + source.randint(2, 7)),
            "Buôn bán, thành phố Đà Lạt",
        ),
    ]
    if year < 1995:
        word = "Vợ" if partner == "female" else "Chồng"
        rows.append(
            (word, invent_name(source, partner), str(year + source.randint(-3, 3)), "Giáo viên, thành phố Đà Lạt")
        )
        born = year + source.randint(26, 31)
        doing = "Nhân viên, thành phố Đà Lạt" if born < 2002 else "Đang đi học, thành phố Đà Lạt"
        rows.append(("Con", invent_name(source, child), str(born), doing))
    return rows


def _cv_end(person: SyntheticPerson, source: random.Random, day: date) -> Sheet:
    sheet = Sheet()
    sheet.line("31) DIỄN BIẾN QUÁ TRÌNH LƯƠNG", style="bold", points=12)
    sheet.skip(4)
    rows = [
        (f"{_rise(person, step):%m/%Y}", f"{person.grade.code}, bậc {step}", person.grade.coefficient(step))
        for step in range(1, person.step_on(day) + 1)
    ]
    sheet.table(("Tháng, năm", "Mã ngạch, bậc", "Hệ số lương"), rows, (30, 40, 30))
    sheet.skip(12)
    sheet.line("32) NHẬN XÉT, ĐÁNH GIÁ CỦA CƠ QUAN, ĐƠN VỊ QUẢN LÝ VÀ SỬ DỤNG", style="bold", points=12)
    sheet.paragraph(source.choice(wording.LEADER_VIEWS).format(name=person.full_name), points=13)
    sheet.skip(24)
    top, middle = sheet.y, (sheet.left + sheet.right) / 2
    left, right = (sheet.left, middle - 30), (middle, sheet.right)
    sheet.line("Người khai", style="bold", points=13, align="center", span=left)
    sheet.line("Tôi xin cam đoan những lời khai trên", style="italic", points=11, align="center", span=left)
    sheet.line("đây là đúng sự thật", style="italic", points=11, align="center", span=left)
    sheet.y = top + 330
    sheet.line(person.full_name, style="bold", points=13, align="center", span=left)
    sheet.y = top - 30
    body = state_body(person)
    sheet.line(f"{body.place}, {in_words(day)}", style="italic", points=12, align="center", span=right)
    sheet.line("Thủ trưởng cơ quan, đơn vị", style="bold", points=13, align="center", span=right)
    sheet.line("(Ký tên, đóng dấu)", style="italic", points=11, align="center", span=right)
    sign(sheet, right, body, source)
    sheet.line(body.signer, style="bold", points=13, align="center", span=right)
    return sheet


def draw_review(person: SyntheticPerson, source: random.Random, category: str | None = None) -> Paper:
    """The yearly self-review with the view of the head, two pages."""
    category = category or person.categories[0]
    title, form = REVIEW_TITLES[category]
    year = min(max(choose_day(person, source).year, person.recruited_on.year + 1), person.last_day.year - 1)
    day = date(year, 12, source.randint(1, 22))
    words = {"year": year, "name": person.full_name, **_figures(source)}
    paper = Paper(f"{title.capitalize()} năm {year}", None, day)
    sheet = Sheet()
    paper.sheets.append(sheet)
    body = grassroots_body(person, day) if category == "party_member" else state_body(person)
    if form:
        sheet.line(form, style="italic", points=11, align="right")
    if category == "party_member":
        head_party_paper(sheet, body, "…", day)
    else:
        head_nation(sheet)
    sheet.line(title, style="bold", points=15, align="center")
    sheet.line(f"Năm {year}", style="bold", points=13, align="center")
    sheet.skip(8)
    sheet.fields(("Họ và tên:", person.full_name), ("Ngày sinh:", person.birth_text), points=13, shares=(0.6, 0.4))
    sheet.fields(("Chức vụ, chức danh:", person.position), points=13)
    sheet.fields(("Đơn vị công tác:", person.host), points=13)
    sheet.skip(8)
    sheet.line("I. KẾT QUẢ TỰ ĐÁNH GIÁ", style="bold", points=13)
    for heading, sentences in wording.REVIEW_SECTIONS:
        if sheet.room < 320:
            sheet = Sheet()
            sheet.line("2", points=13, align="center")
            paper.sheets.append(sheet)
        sheet.skip(4)
        sheet.line(heading, style="bold", points=13)
        for sentence in source.sample(sentences, min(len(sentences), source.randint(2, 3))):
            sheet.paragraph(f"- {sentence.format(**words)}", points=13)
    if sheet.room < 900:
        sheet = Sheet()
        sheet.line("2", points=13, align="center")
        paper.sheets.append(sheet)
    _close_review(sheet, person, source, words, body)
    return paper


def _close_review(
    sheet: Sheet, person: SyntheticPerson, source: random.Random, words: dict[str, object], body: Body
) -> None:
    sheet.skip(6)
    sheet.line("II. TỰ NHẬN XÉT, XẾP LOẠI CHẤT LƯỢNG", style="bold", points=13)
    sheet.paragraph(f"1. Hạn chế, khuyết điểm: {source.choice(wording.WEAKNESSES)}", points=13)
    sheet.paragraph(f"2. Tự xếp loại chất lượng: {source.choice(wording.GRADES)}.", points=13)
    sheet.skip(6)
    cell = body.head == "BÍ THƯ" and body.party
    sheet.line("III. NHẬN XÉT CỦA CẤP ỦY" if cell else "III. Ý KIẾN CỦA NGƯỜI ĐỨNG ĐẦU ĐƠN VỊ", style="bold", points=13)
    sheet.paragraph(source.choice(wording.LEADER_VIEWS).format(**words), points=13)
    sheet.skip(14)
    top, middle = sheet.y, (sheet.left + sheet.right) / 2
    left = (sheet.left, middle - 30)
    sheet.line("NGƯỜI TỰ ĐÁNH GIÁ", style="bold", points=13, align="center", span=left)
    sheet.y = top + 260
    sheet.line(person.full_name, style="bold", points=13, align="center", span=left)
    sheet.y = top
    sheet.line(body.head, style="bold", points=13, align="center", span=(middle, sheet.right))
    sign(sheet, (middle, sheet.right), body, source)
    sheet.line(body.signer, style="bold", points=13, align="center", span=(middle, sheet.right))


def _figures(source: random.Random) -> dict[str, object]:
    total = source.randint(18, 60)
    late = source.randint(0, 2)
    return {
        "all": total,
        "late": f"{late:02}",
        "done": total - late,
        "drafted": source.randint(20, 140),
        "letters": source.randint(60, 480),
    }


def draw_certificate(person: SyntheticPerson, source: random.Random) -> Paper:
    """A certificate of a course of the provincial political school, framed."""
    course, length = source.choice(wording.COURSES)
    day = choose_day(person, source)
    body = school_body()
    number = f"{source.randint(12, 990)}/CC-{body.symbol}"
    paper = Paper(f"Chứng chỉ {course}", number, day)
    sheet = Sheet()
    paper.sheets.append(sheet)
    for inset in (70, 84):
        sheet.draw.rectangle((inset, inset, WIDTH - inset, HEIGHT - inset), outline=(150, 30, 30), width=4)
    sheet.skip(30)
    head_nation(sheet)
    sheet.skip(40)
    sheet.line("CHỨNG CHỈ", style="bold", points=30, align="center")
    sheet.skip(30)
    sheet.line(f"HIỆU TRƯỞNG {' '.join(body.own)}", style="bold", points=14, align="center")
    sheet.skip(20)
    start = day - timedelta(days=60)
    sheet.fields(("Cấp cho:", f"{person.address.capitalize()} {person.full_name}"), points=15, leaders=False)
    sheet.fields(("Sinh ngày:", person.birth_text), ("Dân tộc:", person.ethnicity), points=15, leaders=False)
    sheet.fields(("Đơn vị công tác:", person.host), points=15)
    sheet.paragraph(f"Đã hoàn thành chương trình {course}, thời gian {length},", points=15, indent=0)
    sheet.line(f"từ ngày {in_figures(start)} đến ngày {in_figures(day - timedelta(days=3))}.", points=15)
    sheet.fields(("Xếp loại:", source.choice(("Khá", "Giỏi", "Trung bình khá"))), points=15)
    sheet.skip(50)
    top, span = sheet.y, ((sheet.left + sheet.right) / 2, sheet.right)
    sheet.line(f"Số: {number}", points=13)
    sheet.line(f"Vào sổ cấp chứng chỉ {in_words(day)}", points=12, style="italic")
    sheet.y = top
    sheet.line(f"{body.place}, {in_words(day)}", style="italic", points=13, align="center", span=span)
    sheet.line(body.head, style="bold", points=14, align="center", span=span)
    sign(sheet, span, body, source)
    sheet.line(body.signer, style="bold", points=14, align="center", span=span)
    return paper


DRAWERS: dict[str, Callable[[SyntheticPerson, random.Random], Paper]] = {
    "short_cv": draw_short_cv,
    "review": draw_review,
    "certificate": draw_certificate,
}
