"""The record: the values of the CV forms, as read, keyed and verified. See `settled` for what holds when."""

from oms.record.keying import (
    decide,
    follow_decision,
    forget_dossiers,
    forget_pages,
    key_value,
    remove_row,
    take_read,
    take_rows,
    usual_item,
    view,
    write_row,
)
from oms.record.newest import count_verified, newest_verified
from oms.record.numbers import NumberCheck, decide_number, key_number, number_of, numbers_of
from oms.record.reading import (
    Record,
    Row,
    Value,
    closed_keys,
    forms_of_record,
    get_record,
    may_see,
    usual_form,
    written_rows,
)
from oms.record.settled import ValueState, settle
from oms.record.supplementing import Supplement, follow_supplement, give_page
from oms.record.values import as_asked
from oms.record.writings import statements_of

__all__ = [
    "NumberCheck",
    "Record",
    "Row",
    "Supplement",
    "Value",
    "ValueState",
    "as_asked",
    "closed_keys",
    "count_verified",
    "decide",
    "decide_number",
    "follow_decision",
    "follow_supplement",
    "forget_dossiers",
    "forget_pages",
    "forms_of_record",
    "get_record",
    "give_page",
    "key_number",
    "key_value",
    "may_see",
    "newest_verified",
    "number_of",
    "numbers_of",
    "remove_row",
    "settle",
    "statements_of",
    "take_read",
    "take_rows",
    "usual_form",
    "usual_item",
    "view",
    "write_row",
    "written_rows",
]
