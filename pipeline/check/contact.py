"""Contact data and essentials."""

from __future__ import annotations

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from pipeline.model.cv import Cv
from pipeline.model.finding import Finding, Severity

_WHOLE = phonenumbers.ValidationResult.IS_POSSIBLE
"""Possible as a whole number, not only as a local part of one."""

_REGION = {"de": "DE", "en": "GB", "fr": "FR", "it": "IT", "es": "ES", "nl": "NL", "pl": "PL"}
"""Where a number without country code is at home, by the document's language."""


def contact_checked(cv: Cv) -> list[Finding]:
    b = cv.basics
    findings = []
    for name, leaf in (("name", b.name), ("email", b.email), ("phone", b.phone)):
        if leaf is None:
            severity: Severity = "error" if name == "name" else "warning" if name == "email" else "info"
            findings.append(Finding(severity, f"missing_{name}", f"/basics/{name}"))
    if not cv.positions:
        findings.append(Finding("warning", "missing_work", "/work"))
    if not cv.education:
        findings.append(Finding("info", "missing_education", "/education"))
    if b.email:
        try:
            validate_email(b.email.text, check_deliverability=False, test_environment=True)
        except EmailNotValidError:
            findings.append(Finding("warning", "email_invalid", "/basics/email", b.email.lines, (("value", b.email.text),)))
    if b.phone and not _possible(b.phone.text, _REGION.get(cv.language, "DE")):
        findings.append(Finding("info", "phone_invalid", "/basics/phone", b.phone.lines, (("value", b.phone.text),)))
    return findings


def _possible(number: str, region: str) -> bool:
    try:
        return phonenumbers.is_possible_number_with_reason(phonenumbers.parse(number.replace("(0)", ""), region)) == _WHOLE
    except phonenumbers.NumberParseException:
        return False
