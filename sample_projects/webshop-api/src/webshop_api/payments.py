"""Card payments; needs the extra `payments`."""

from __future__ import annotations

import os

import jwt
import stripe


def checkout(order: str, cents: int, token: str, public_key: str) -> str:
    """Check the shop front's signed order token and open a payment; return its client secret."""
    claims = jwt.decode(token, public_key, algorithms=["ES256"], audience="webshop-api")
    if claims["order"] != order or claims["cents"] != cents:
        msg = f"the token does not belong to order {order}"
        raise ValueError(msg)
    stripe.api_key = os.environ["STRIPE_API_KEY"]
    intent = stripe.PaymentIntent.create(amount=cents, currency="eur", metadata={"order": order})
    return str(intent.client_secret)
