"""Which codes of a redemption the audit log names."""

from couponry.domain.codes import auto_code
from couponry.domain.redemption import Used
from couponry.services import audit
from couponry.services.context import fresh_id


def test_codes_that_somebody_entered_are_named_however_they_begin():
    automatic, other = fresh_id(), fresh_id()
    uses = [Used(automatic, fresh_id(), auto_code(automatic), 1), Used(other, fresh_id(), "auto_SALE", 1)]
    assert audit.entered(uses) == {"count": 1, "codes": ["auto_SALE"]}
    assert audit.entered(uses[:1]) == {}
