"""One CV form through the real engine: drawn, scanned, read; values agree with the person or carry a flag."""

from pathlib import Path

import pytest

from oms.catalogue import demo_units
from oms.recognition import open_scan, read_page
from oms.specimens import PaperKind, make_people, make_scan, seats_of


def test_a_scanned_form_gives_its_values_or_says_that_it_is_not_sure(tmp_path: Path) -> None:
    people = make_people(40, 7, seats_of(demo_units()))
    person = next(person for person in people if person.categories[0] == "civil_servant")
    scan = make_scan(person, PaperKind.SHORT_CV, 7, pages=1, file_type="jpeg", category="civil_servant")
    path = tmp_path / "form.jpg"
    path.write_bytes(scan.data)
    page = read_page(open_scan(path), 1, tmp_path).reading
    assert (page.kind, page.form) == ("cv", "2C-BNV/2008")
    truth = {
        "full_name": person.full_name.upper(),
        "religion": person.religion,
        "rank_code": person.grade.code,
        "id_number": person.personal_id,
        "home_town": person.home_town,
        "recruiting_agency": person.host,
    }
    right = [key for key, wanted in truth.items() if page.fields[key].value == wanted]
    assert len(right) >= 4, {key: page.fields[key] for key in truth}
    silent = [key for key in truth if key not in right and page.fields[key].flag is None]
    assert silent == []
    left, top, width, height = page.fields["full_name"].box or pytest.fail("the name has no box")
    assert 0 <= left < left + width <= page.width and 0 <= top < top + height <= page.height
