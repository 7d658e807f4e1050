"""Dated reference data of ours (YAML with sources) behind a typed, cached, immutable loader.

A mistake in a file is a `CatalogueError` that names the file and the line. Knows no database and no Flask.
"""

from oms.catalogue.checks import (
    BirthRule,
    CareerRule,
    CheckRules,
    OrderRule,
    PayGroup,
    birth_rule,
    career_rule,
    check_rules,
    pay_groups,
)
from oms.catalogue.components import (
    Component,
    ComponentGroup,
    categories,
    component,
    component_group,
    component_groups,
    components,
    confusable_types,
)
from oms.catalogue.corrections import (
    DecidingRule,
    FixedValue,
    correction_rule,
    fixed_values,
)
from oms.catalogue.demo_organisation import (
    DemoEvent,
    DemoUnit,
    demo_events,
    demo_organisation,
    demo_unit,
    demo_units,
    grassroots,
    units_on,
)
from oms.catalogue.forms import Form, FormItem, FormTable, form, forms
from oms.catalogue.milestones import BadgeRule, RetirementRule, badge_rule, retirement_rule
from oms.catalogue.naming import Naming, naming, read_naming
from oms.catalogue.people_columns import PeopleColumn, people_column, people_columns
from oms.catalogue.reading import CatalogueError
from oms.catalogue.record_rules import RecordRule, record_keys
from oms.catalogue.rules import (
    Approver,
    ReadinessRule,
    TimeLimit,
    TransferRule,
    readiness_on,
    time_limit,
    time_limits,
    transfer_rule,
    transfer_rules,
)
from oms.catalogue.safeguards import InsertRule, RetentionRule, insert_rule, retention_rules
from oms.catalogue.supplements import (
    SupplementDeadline,
    SupplementForm,
    supplement_deadline,
    supplement_form,
    supplement_keys,
    supplement_things,
)
from oms.catalogue.terms import Source, Term, term, terms
from oms.catalogue.units import OrgType, UnitKind, org_type, org_types, unit_kind, unit_kinds
from oms.catalogue.working_days import Calendar, Holiday, YearOfWork, calendar_of_work

__all__ = [
    "Approver",
    "BadgeRule",
    "BirthRule",
    "Calendar",
    "CareerRule",
    "CatalogueError",
    "CheckRules",
    "Component",
    "ComponentGroup",
    "DecidingRule",
    "DemoEvent",
    "DemoUnit",
    "FixedValue",
    "Form",
    "FormItem",
    "FormTable",
    "Holiday",
    "InsertRule",
    "Naming",
    "OrderRule",
    "OrgType",
    "PayGroup",
    "PeopleColumn",
    "ReadinessRule",
    "RecordRule",
    "RetentionRule",
    "RetirementRule",
    "Source",
    "SupplementDeadline",
    "SupplementForm",
    "Term",
    "TimeLimit",
    "TransferRule",
    "UnitKind",
    "YearOfWork",
    "badge_rule",
    "birth_rule",
    "calendar_of_work",
    "career_rule",
    "categories",
    "check_rules",
    "component",
    "component_group",
    "component_groups",
    "components",
    "confusable_types",
    "correction_rule",
    "demo_events",
    "demo_organisation",
    "demo_unit",
    "demo_units",
    "fixed_values",
    "form",
    "forms",
    "grassroots",
    "insert_rule",
    "naming",
    "org_type",
    "org_types",
    "pay_groups",
    "people_column",
    "people_columns",
    "read_naming",
    "readiness_on",
    "record_keys",
    "retention_rules",
    "retirement_rule",
    "supplement_deadline",
    "supplement_form",
    "supplement_keys",
    "supplement_things",
    "term",
    "terms",
    "time_limit",
    "time_limits",
    "transfer_rule",
    "transfer_rules",
    "unit_kind",
    "unit_kinds",
    "units_on",
]
