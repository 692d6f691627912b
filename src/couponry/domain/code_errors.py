"""What codes are refused for, in the words of Elastic Path where it has any."""

from couponry.domain.errors import Category, NotFound, Refusal


class CodeNotFound(NotFound):
    """No code of that promotion has that id or spelling."""

    sentence = "promotion code not found"


class InvalidCode(Refusal):
    """A code for first-time shoppers may have no other limit."""

    category = Category.INVALID_DOCUMENT
    title = "Invalid Code"
    source = ""

    @classmethod
    def for_new_shoppers(cls, code: str) -> "InvalidCode":
        """Refuse *code*, which is for first-time shoppers and has a limit as well."""
        return cls(f"Code - {code} can't have limited uses or assigned to users since it's for first-time shoppers.")


class UnsupportedConsumeUnit(Refusal):
    """Uses per shopper are counted per checkout only."""

    category = Category.UNPROCESSABLE
    title = "Unsupported consume unit"
    source = ""
    sentence = "Consume unit 'per_application' is not supported when using 'max_uses_per_shopper' features."


class NoCodesAllowed(Refusal):
    """An automatic promotion has its one code and takes no other."""

    category = Category.UNPROCESSABLE
    title = "No codes allowed"
    sentence = "Cannot add codes to automatic promotion"


class AutomaticCodeKept(Refusal):
    """The code of an automatic promotion lives as long as the promotion is automatic."""

    category = Category.UNPROCESSABLE
    title = "Unprocessable Entity"
    sentence = "The code of an automatic promotion cannot be deleted"


class DuplicateCode(Refusal):
    """Codes are unique within a promotion, whatever their case."""

    category = Category.UNPROCESSABLE
    title = "Duplicate code"
    sentence = "Promotion code already in use"


class TooManyCodes(Refusal):
    """More codes than the store allows a promotion, or a single job."""

    category = Category.INVALID_DOCUMENT
    title = "Too many promotion codes"

    def __init__(self, limit: int, source: str | None = None) -> None:
        super().__init__(f"Only {limit} promotion codes are allowed per promotion")
        self.where = source


class CodeSpaceTooSmall(Refusal):
    """Codes of that length would be too few, or too easy to guess."""

    category = Category.UNPROCESSABLE
    title = "Code space too small"
