"""What is answered about redemptions, as Structs: encoded into answers, and described by the OpenAPI document."""

from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from couponry.api.answers import Instant, ListDocument, ResourceMeta
from couponry.domain.outcome import Evaluation
from couponry.domain.redemption import RedemptionState, Used


class RedemptionResource(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="redemption"):
    """A redemption: a cart as it was judged, and the uses that it was granted."""

    id: UUID
    state: RedemptionState
    """A hold stays `held` when it expires: it can still be confirmed until somebody else gets its uses."""
    expires_at: Instant | UnsetType = UNSET
    """Until when a hold keeps its uses."""
    order_id: str | UnsetType = UNSET
    """The order that it is for, as the shop calls it."""
    evaluation: Evaluation
    """The cart as it was judged."""
    uses: tuple[Used, ...]
    """What each promotion that applied uses, automatic ones as well."""


class RedemptionAnswer(Struct, frozen=True):
    """One redemption."""

    data: RedemptionResource


class ListedRedemption(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type", tag="redemption"):
    """A redemption without the cart that was judged."""

    id: UUID
    state: RedemptionState
    """A hold stays `held` when it expires: it can still be confirmed until somebody else gets its uses."""
    expires_at: Instant | UnsetType = UNSET
    """Until when a hold keeps its uses."""
    order_id: str | UnsetType = UNSET
    """The order that it is for, as the shop calls it."""
    uses: tuple[Used, ...]
    """What each promotion that applied uses, automatic ones as well."""
    meta: ResourceMeta


class RedemptionList(ListDocument[ListedRedemption], frozen=True):
    """One page of redemptions."""
