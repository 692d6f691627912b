"""E-mail addresses, as Elastic Path takes them: refused is only what cannot be one."""


def is_email(text: str) -> bool:
    """Tell whether *text*, but for space around it, can be an e-mail address.

    It has one `@`. On either side stands something without spaces and control characters, that neither begins nor
    ends with a full stop, and has no two of them together.
    """
    name, _, host = text.strip().partition("@")
    return _is_part(name) and _is_part(host)


def _is_part(text: str) -> bool:
    plain = text.isprintable() and "@" not in text and not any(character.isspace() for character in text)
    return plain and all(text.split("."))
