"""Request bodies about carts to try, by what they are for: the OpenAPI document shows them, and tests send them."""

from couponry.api.examples import Bodies

_ATTRIBUTES = {
    "is_member": {"type": "boolean", "value": True},
    "membership_level": {"type": "string", "value": "premium"},
}

CARTS: Bodies = {
    "A guest's": {"data": {"name": "Ann's cart", "contact": {"email": "ann@example.com"}}},
    "With custom attributes": {"data": {"custom_attributes": _ATTRIBUTES}},
    "A preview of next spring": {"data": {"snapshot_date": "2036-03-15T12:00:00Z"}},
    "With discounts of another service": {"data": {"discount_settings": {"custom_discounts_enabled": True}}},
}

NEW_CARTS: Bodies = {**CARTS, "With an id of its own": {"data": {"id": "my-cart", "description": "For Holidays"}}}

_SOCK = {
    "type": "custom_item",
    "name": "My Custom Item",
    "sku": "my-custom-item",
    "description": "My first custom item!",
    "quantity": 1,
    "price": {"amount": 10000, "includes_tax": True},
}

ITEMS: Bodies = {
    "A custom item": {"data": _SOCK},
    "Several at once": {
        "data": [
            _SOCK,
            {"type": "cart_item", "sku": "sock-red", "quantity": 2},
            {"type": "promotion_item", "code": "PROMO_CODE"},
        ],
        "options": {"add_all_or_nothing": False},
    },
}

CUSTOMERS: Bodies = {"A customer": {"data": [{"type": "customer", "id": "5b6a7a8e-4a3f-4b68-8b1c-2f1f6c1c9a10"}]}}

ACCOUNTS: Bodies = {
    "An account with its tags": {
        "data": [
            {
                "type": "account",
                "id": "8f0e7ad3-8e5c-4c87-9b1e-6a9a6a8f6f11",
                "account_tags": ["9c9d0d6c-2c56-4f6e-a3a6-1bb1f2e3f0a5"],
            }
        ]
    }
}

SHIPPING_GROUPS: Bodies = {
    "A parcel": {
        "data": {
            "type": "shipping_group",
            "shipping_type": "standard",
            "tracking_reference": "TRACK123",
            "shipping_price": {"base": 800, "tax": 200, "fees": 0},
            "address": {
                "first_name": "John",
                "last_name": "Doe",
                "phone_number": "(555) 555-1234",
                "company_name": "ACME Corp",
                "line_1": "123 Main St",
                "line_2": "Suite 100",
                "city": "Portland",
                "postcode": "97201",
                "county": "Multnomah",
                "country": "US",
                "region": "Oregon",
                "instructions": "Leave at front door",
            },
            "delivery_estimate": {"start": "2030-01-15T00:00:00Z", "end": "2030-01-20T00:00:00Z"},
        }
    }
}

CART_SETTINGS: Bodies = {
    "Two weeks": {"data": {"type": "settings", "cart_expiry_days": 14, "discounts": {"use_rule_promotions": True}}}
}
