"""Messages that go in more than one direction, byte for byte the same."""

from typing import Annotated, Any

from msgspec import Meta

from backbone.wire.values import Message, ObjectId


class Authenticate(Message, frozen=True, tag="authenticate"):
    """First message of a peer when authentication is on."""

    jwt: str


class FeatureMap(Message, frozen=True, tag="featureMap"):
    """What an object looks like: ours is a list of 128 floats, or a list of such lists.

    Any: WIRE section 4 lets a feature map be any JSON value. `model_id` names the model that made it.
    """

    object_id: ObjectId
    feature_map: Any
    model_id: Annotated[str, Meta(max_length=128)] | None = None


class Stop(Message, frozen=True, tag="stop"):
    """The object is no longer sought."""

    object_id: ObjectId


class Error(Message, frozen=True, tag="error"):
    """The answer to a message that was refused, or could not be carried out; `reply_to` is that message's type."""

    code: str
    message: str
    reply_to: str | None = None
    object_id: int | None = None
