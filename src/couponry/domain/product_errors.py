"""What products are refused for."""

from couponry.domain.errors import Category, NotFound, Refusal


class ProductNotFound(NotFound):
    """No product of this store has that id."""

    sentence = "product not found"


class DuplicateSku(Refusal):
    """A store has at most one product with a sku."""

    category = Category.UNPROCESSABLE
    title = "Duplicate sku"

    def __init__(self, sku: str) -> None:
        super().__init__(f"Another product has the sku {sku} already")
