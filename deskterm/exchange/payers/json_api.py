"""Raw X12 inside JSON over HTTPS, as clearinghouses offer it: the names of the fields are data."""

from __future__ import annotations

import json

from deskterm.exchange.payers.carrier import Client, Parcel, Route, Undelivered, post, x12_of


async def send(client: Client, route: Route, parcel: Parcel) -> str:
    """POST the X12 as one field of an object and take the answer from another.

    Raises Undelivered.
    """
    body = json.dumps({route.request_field: parcel.text}).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": parcel.number}
    if route.secret:
        headers[route.header] = route.secret
    _, answer = await post(client, route, body, headers)
    try:
        found = json.loads(answer)
    except ValueError:
        raise Undelivered("The answer is not JSON") from None
    text = found.get(route.answer_field) if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise Undelivered(f"The answer has no {route.answer_field}", again=False)
    return x12_of(text)
