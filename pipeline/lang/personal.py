"""Words that tell who somebody is, wherever they stand: family, origin, faith, age, disability."""

from __future__ import annotations

PERSONAL = (
    r"verheiratet|ledig|geschieden|verwitwet|married|single(?![\s-]*(?:page|sign|point|source|use|tenant))|divorced|widowed|marié|mariée|célibataire|"
    r"gehuwd|ongehuwd|żonaty|zamężna|sposat[oa]|casad[oa]|römisch-katholisch|katholisch|evangelisch|muslim\w*|konfession\w*|religion|"
    r"staats(?:angehörig|bürger)\w*|nationality|nationalit(?:ät|é)|citizen(?:ship)?(?!\s+service)|geburtsort|geburtsdatum|geboren|"
    r"date of birth|place of birth|"
    r"\d{2}\s*(?:jahre alt|years old)|jahrgang\s*\d{4}|schwerbehindert\w*|"
    r"(?:\d|eine?|zwei|drei|vier|keine|one|two|three|four|no)\s+(?:kind(?:er)?|child(?:ren)?)(?!\s+(?:im alter|aged))|"
    r"(?-i:(?:Frau|Herr|Mrs?|Ms)\.? [A-ZÄÖÜ][a-zäöüß]+)"
)
"""A regular expression, to be used without case."""
