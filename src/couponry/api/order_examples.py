"""Request bodies about orders to try, by what they are for: the OpenAPI document shows them, and tests send them."""

from couponry.api.examples import Bodies

_ADDRESS = {
    "first_name": "John",
    "last_name": "Doe",
    "line_1": "1 Sunny Street",
    "city": "Los Angeles",
    "postcode": "92802",
    "region": "CA",
    "country": "US",
}

CHECKOUTS: Bodies = {
    "A guest": {
        "data": {
            "customer": {"email": "ann@example.com", "name": "Ann Doe"},
            "billing_address": _ADDRESS,
            "shipping_address": {**_ADDRESS, "phone_number": "(555) 555-1234", "instructions": "Leave in porch"},
        }
    },
    "A customer, strictly": {
        "data": {
            "customer": {"id": "c8c1c511-beef-4812-9b7a-9f92c587217c"},
            "order_number": "order-1234",
            "external_ref": "e-123456789",
            "strict": True,
        }
    },
    "A member of an account": {
        "data": {
            "account": {
                "id": "8cee1b9e-3e39-4d5f-bd4a-86cdb985c6ee",
                "member_id": "338f84bf-e6c9-4704-9f33-2708addd462b",
            },
            "contact": {"email": "john@example.com", "name": "John Doe"},
            "billing_address": _ADDRESS,
        }
    },
}

ORDER_UPDATES: Bodies = {
    "Where it goes": {"data": {"type": "order", "shipping_address": _ADDRESS}},
    "Cancelled": {"data": {"type": "order", "status": "cancelled"}},
}

PAYMENTS: Bodies = {
    "All that is owing": {"data": {"gateway": "manual", "method": "purchase"}},
    "A part, authorized": {
        "data": {
            "gateway": "manual",
            "method": "authorize",
            "amount": 1,
            "paymentmethod_meta": {"name": "Gift card", "custom_reference": "card-1"},
        }
    },
}
